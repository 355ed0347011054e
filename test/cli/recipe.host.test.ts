// Recipes from start to finish: phases in order, stopped and killed in between.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makePng } from '../data/make-png.js';
import { cli, endedAt, TINY, withSet } from './support.js';

const test = suite('recipe');

const HALVES = [...TINY, '--recipe', '1024p', '--resize-or-crop', 'scale_width', '--load-size', '32', '--niter', '1'];
const PHASES = [...HALVES, '--niter-decay', '2', '--niter-fix-global', '1', '--save-latest-freq', '2', '--no-check'];

const configOf = (run: string) => JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));

/** Bytes of the files of a phase's last checkpoint. */
function lastOf(run: string, step: number) {
  const folder = join(run, 'checkpoints', `step-${step}`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return names.sort().map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
}

test('a recipe that is stopped and killed ends with the bits of one that was not, and its last phase paints', () =>
  withSet({}, async (root, out) => {
    const whole = await cli(['train', root, '--out', `${out}-whole`, ...PHASES]);
    assert.is(whole.code, 0, whole.stderr);
    assert.match(
      whole.stderr,
      /Phase 1 of 2: 1-global[^]*Phase 2 of 2: 2-local[^]*G: \d+ tensors of G\.safetensors; new/,
    );
    const [global, local] = ['1-global', '2-local'].map((name) => configOf(join(`${out}-whole`, name)));
    assert.equal([global.netG, global.ngf, global.loadSize, global.niterFixGlobal], ['global', 4, 16, 0]);
    assert.equal([local.netG, local.ngf, local.loadSize, local.niterFixGlobal], ['local', 2, 32, 1]);

    assert.is(await endedAt(5, 'SIGTERM', [root, '--out', out, ...PHASES]), 143);
    assert.not.ok(existsSync(join(out, '2-local')), 'stopped in the first phase');
    await endedAt(3, 'SIGKILL', ['--resume', out]);
    const resumed = await cli(['train', '--resume', out]);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /Phase 2 of 2: 2-local\nGoes on after step \d, from/);
    assert.not.match(resumed.stderr, /Phase 1|Changed/);
    for (const phase of ['1-global', '2-local'])
      assert.equal(lastOf(join(out, phase), 9), lastOf(join(`${out}-whole`, phase), 9), phase);

    const ended = await cli(['train', '--resume', out]);
    assert.is(ended.code, 2);
    assert.match(ended.stderr, /the run has come to its end, step 9 of 9\. Raise --niter \(now 1\)/);
    const labels = join(root, 'train_label');
    const painted = await cli(['generate', '--checkpoint', out, '--labels', labels, '--out', `${out}-pictures`]);
    assert.is(painted.code, 0, painted.stderr);
    const again = await cli(['train', root, '--out', out, ...PHASES]);
    assert.match(again.stderr, /holds something already/);
  }));

test('edges and a single image, and what a recipe would take', () =>
  withSet({}, async (root, out) => {
    const refused = await cli(['train', root, '--out', out, ...PHASES, '--memory-gb', '0.00001']);
    assert.is(refused.code, 2);
    assert.not.ok(existsSync(out), 'nothing is left of a recipe that was refused');
    const here = ['--vgg', relative('', join(root, 'vgg.pth'))];
    const short = [...TINY, ...here, '--recipe', 'single-image', '--max-steps', '1'];
    const single = await cli(['train', root, '--out', out, ...short]);
    assert.is(single.code, 0, single.stderr);
    assert.is(configOf(join(out, '1-global')).maxDatasetSize, 1);
    const { options } = JSON.parse(readFileSync(join(out, 'recipe.json'), 'utf8'));
    assert.is(options.vgg, join(root, 'vgg.pth'), 'gone on with from anywhere');
    const dry = await cli(['train', '--dry-run', '--size', '64x32', ...HALVES, '--no-instance']);
    assert.is(dry.code, 0, dry.stderr);
    assert.match(
      dry.stdout,
      /Phase 1-global\n.*global generator on 32×16[^]*Phase 2-local\n.*local generator on 64×32/,
    );
  }));

test('edges are pictures A and B of any size', () => {
  const picture = makePng({ width: 12, height: 10, depth: 8, colour: 2, samples: Array(360).fill(100) });
  return withSet({ 'train_A/a.png': picture, 'train_B/a.png': picture }, async (root, out) => {
    const [labelNc, number, ...nets] = TINY;
    assert.equal([labelNc, number], ['--label-nc', '3']);
    const { code, stderr } = await cli(['train', root, '--out', out, ...nets, '--recipe', 'edges', '--max-steps', '1']);
    assert.is(code, 0, stderr);
    assert.equal(readdirSync(out).sort(), ['1-global', 'recipe.json']);
    assert.is(configOf(join(out, '1-global')).noInstance, true);
  });
});

test.run();
