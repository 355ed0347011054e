// Trainings that measure what they do not see, and what can be chosen and measured of them afterwards.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileAtomic } from '../../src/formats/atomic.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { backboneParameters, linearParameters } from '../../src/nets/lpips.js';
import type { Parameter } from '../../src/nets/parameters.js';
import { readBest } from '../../src/train/run-folder.js';
import { greyPng, makePng } from '../data/make-png.js';
import { hashedNumbers, hashedWeights } from '../support/hashed.js';
import { randomFrom } from '../support/random.js';
import { cli, type Files, TINY, withSet } from './support.js';

const test = suite('validation, by command');

/** LPIPS' weights as noise, in two files; the options that name them. */
async function lpipsFiles(folder: string): Promise<string[]> {
  const write = async (name: string, parameters: readonly Parameter[], dataOf: typeof hashedWeights) => {
    const tensors = parameters.map((p, i) => ({
      name: p.name,
      dtype: 'F32' as const,
      shape: [...p.shape],
      data: dataOf(p, i),
    }));
    await writeFileAtomic(join(folder, name), encodeSafetensors(tensors, {}));
    return join(folder, name);
  };
  const linear = await write('lin.safetensors', linearParameters('alex'), (p, i) => hashedNumbers(p.shape[1]!, i));
  const net = await write('net.safetensors', backboneParameters('alex'), hashedWeights);
  return ['--lpips', linear, '--lpips-net', net];
}

/** Samples of noise of one size; held-out ones of another, large enough for every measure. */
function noisySet(): Files {
  const random = randomFrom(5);
  const files: Files = {};
  const add = (phase: string, names: string[], width: number, height: number) => {
    const values = (count: number, most: number) => Array.from({ length: count }, () => random.int(0, most));
    for (const name of names) {
      files[`${phase}_label/${name}.png`] = greyPng(width, height, values(width * height, 2));
      files[`${phase}_inst/${name}.png`] = greyPng(width, height, values(width * height, 3), 16);
      const samples = values(width * height * 3, 255);
      files[`${phase}_img/${name}.png`] = makePng({ width, height, depth: 8, colour: 2, samples });
    }
  };
  add('train', ['a', 'b', 'c', 'd'], 12, 10);
  add('test', ['x', 'y'], 33, 35);
  return files;
}

const BASE = [...TINY, '--fine-size', '8', '--ema', '0.5', '--max-steps', '8', '--save-latest-freq', '4', '--no-check'];
const LIKENESS = ['val_l1', 'val_psnr', 'val_ssim'];

const measuredIn = (run: string) =>
  readFileSync(join(run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => 'val_l1' in line);

const filesIn = (run: string, step: number) => {
  const folder = join(run, 'checkpoints', `step-${step}`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return names.sort().map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  ]);
};

test('it changes no bit of the training, goes on as it was, keeps the best, and that can be chosen', () =>
  withSet(noisySet(), async (root, out) => {
    const judged = ['--val', root, '--val-metrics', 'l1,psnr,ssim,consistency', '--judge-steps', '4'];
    const best = ['--val-freq', '3', '--best-metric', 'l1'];
    const plain = await cli(['train', root, '--out', `${out}-plain`, ...BASE]);
    assert.is(plain.code, 0, plain.stderr);
    const whole = await cli(['train', root, '--out', out, ...BASE, ...judged, ...best]);
    assert.is(whole.code, 0, whole.stderr);
    assert.match(
      whole.stderr,
      /2 pictures that are not trained on, by l1, psnr, ssim, consistency; the segmentation net/,
    );
    assert.match(
      whole.stderr,
      /Step 3, pictures not trained on: L1 [\d.]+, PSNR [\d.]+ dB, .* mean IoU [\d.]+ %; the best so far/,
    );
    assert.equal(filesIn(out, 8), filesIn(`${out}-plain`, 8));
    const lines = measuredIn(out);
    assert.equal(
      lines.map(({ step }) => step),
      [3, 6, 8],
    );
    assert.equal(Object.keys(lines[0]), ['step', ...LIKENESS, 'val_accuracy', 'val_meanIoU']);

    const marked = (await readBest(out))!;
    const least = lines.reduce((a, b) => (b.val_l1 < a.val_l1 ? b : a));
    assert.is(marked.metric, 'l1');
    assert.is(marked.step, least.step);
    assert.ok(Math.abs(marked.value - least.val_l1) < 1e-3);
    assert.ok(existsSync(join(out, 'checkpoints', `step-${marked.step}`)));

    const half = await cli(['train', root, '--out', `${out}-half`, ...BASE, ...judged, ...best, '--max-steps', '4']);
    assert.is(half.code, 0, half.stderr);
    const rest = await cli(['train', '--resume', `${out}-half`, '--max-steps', '8']);
    assert.is(rest.code, 0, rest.stderr);
    assert.equal(filesIn(`${out}-half`, 8), filesIn(out, 8));
    assert.equal(
      measuredIn(`${out}-half`).filter(({ step }) => step !== 4),
      lines,
    );

    const chosen = ['--which-epoch', 'best', '--judge-steps', '0', '--raw', '--json'];
    const evaluated = await cli(['evaluate', out, root, ...chosen, ...(await lpipsFiles(root))]);
    assert.is(evaluated.code, 0, evaluated.stderr);
    const { likeness } = JSON.parse(evaluated.stdout);
    assert.equal(Object.keys(likeness), ['ours', 'raw', 'means']);
    assert.equal(Object.keys(likeness.ours), ['l1', 'psnr', 'ssim', 'lpips']);
    assert.ok(likeness.ours.lpips > 0);
    assert.ok(Math.abs(likeness.ours.l1 - marked.value) < 1e-9, 'as it was measured while it trained');
    assert.is.not(likeness.raw.l1, likeness.ours.l1);
    const none = await cli(['evaluate', `${out}-plain`, root, ...chosen]);
    assert.is(none.code, 66);
    assert.match(none.stderr, /has no best checkpoint\. Train it with --val and --best-metric/);
  }));

test('a held-out share is never trained on, and no resuming moves it', () =>
  withSet(noisySet(), async (root, out) => {
    const share = ['--val-fraction', '0.3', '--max-steps', '2', '--json', ...(await lpipsFiles(root))];
    const trained = await cli(['train', root, '--out', out, ...BASE, ...share]);
    assert.is(trained.code, 0, trained.stderr);
    assert.is(
      trained.stdout
        .trim()
        .split('\n')
        .filter((line) => 'val_l1' in JSON.parse(line)).length,
      1,
    );
    const { data, valFraction } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    assert.is(valFraction, 0.3);
    assert.ok(data.samples < 4);
    const measure = (fraction: string) =>
      cli(['evaluate', out, root, '--val-fraction', fraction, '--judge-steps', '0', '--json']);
    const held = await measure('0.3');
    assert.is(held.code, 0, held.stderr);
    const { pictures, likeness } = JSON.parse(held.stdout);
    assert.is(pictures, 4 - data.samples);
    assert.ok(
      Math.abs(likeness.ours.l1 - measuredIn(out).at(-1)!.val_l1) < 1e-3,
      'as it was measured while it trained',
    );
    const seen = await measure('0.6');
    assert.is(seen.code, 2);
    assert.match(seen.stderr, /trained with 0\.3, so it has seen some of these pictures\. Give --val-fraction 0\.3/);
    const other = await cli(['train', '--resume', out, '--val-fraction', '0.6', '--max-steps', '3']);
    assert.is(other.code, 2);
    assert.match(other.stderr, /trained on what would be held out now: --val-fraction: was 0\.3, now 0\.6\. Leave it/);
  }));

test('what cannot be measured is told before anything is written', () =>
  withSet(noisySet(), async (root, out) => {
    const cases: [string[], RegExp][] = [
      [['--best-metric', 'l1'], /--best-metric without pictures to measure\. Give --val DATAROOT or --val-fraction F/],
      [['--val', root, '--val-metrics', 'l1,fid'], /--val-metrics: got "fid", wanted some of l1,psnr,/],
      [['--val', root, '--val-metrics', 'lpips'], /lpips without its weights is not possible\. Give --lpips FILE/],
    ];
    for (const [args, message] of cases) {
      const { stderr, code } = await cli(['train', root, '--out', out, ...BASE, ...args]);
      assert.match(stderr, message);
      assert.is(code, 2);
      assert.not.ok(existsSync(out));
    }
  }));

test.run();
