// Trainings that are killed, stopped, taken from their device: what they end with is what they would have ended with.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { greyPng, makePng } from '../data/make-png.js';
import { bundled, runNode } from '../support/child.js';
import { randomFrom } from '../support/random.js';
import { cli, endedAt, type Files, TINY, withSet } from './support.js';

const test = suite('resume');

/** Samples of 12×10 with pictures of noise, so that crops and flips matter. */
function noisySet(): Files {
  const random = randomFrom(3);
  const [width, height] = [12, 10];
  const ids = (most: number) => Array.from({ length: width * height }, () => random.int(0, most));
  const files: Files = {};
  for (const name of ['a', 'b', 'c', 'd']) {
    files[`train_label/${name}.png`] = greyPng(width, height, ids(2));
    files[`train_inst/${name}.png`] = greyPng(width, height, ids(3), 16);
    const samples = Array.from({ length: width * height * 3 }, () => random.int(0, 255));
    files[`train_img/${name}.png`] = makePng({ width, height, depth: 8, colour: 2, samples });
  }
  return files;
}

/** Everything that has a state of its own: order, crops, flips, decay, pool, averages, norms, an encoder. */
const EVERYTHING = [
  ...[...TINY, '--fine-size', '8', '--niter', '2', '--niter-decay', '4', '--pool-size', '3', '--ema', '0.9'],
  ...['--spectral-norm', '--instance-feat', '--nef', '2', '--n-downsample-e', '1', '--max-steps', '20', '--no-check'],
];

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const filesIn = (run: string, step: number) => {
  const folder = join(run, 'checkpoints', `step-${step}`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
};

/** Every file of two runs' last checkpoints, and their losses. */
function checkSameEnd(got: string, want: string): void {
  const [a, b] = [filesIn(got, 20), filesIn(want, 20)];
  assert.equal(
    Object.keys(a),
    ['D', 'E', 'G-ema', 'G', 'optimizer', 'pool'].map((name) => `${name}.safetensors`),
  );
  assert.equal(Object.keys(b), Object.keys(a));
  for (const [name, bytes] of Object.entries(a)) assert.ok(bytes.equals(b[name]!), name);
  const losses = (run: string) =>
    linesOf(readFileSync(join(run, 'log.jsonl'), 'utf8'))
      .filter(({ note }) => note === undefined)
      .map((line) => Object.entries(line).filter(([name]) => /^(step|epoch|lr|[GD]_.*)$/.test(name)));
  assert.is(losses(got).length, 20);
  assert.equal(losses(got), losses(want));
}

/** Trains with devices that are destroyed behind the given submits, counted over all devices. */
const withLosses = async (submits: number[], args: string[]) =>
  runNode({
    args: [
      '--import',
      pathToFileURL(await bundled('test/cli/lossy-device.ts')).href,
      await bundled('src/cli/main.ts'),
      ...args,
    ],
    env: { LOSE_DEVICE_AT: JSON.stringify(submits) },
    timeoutMs: 240_000,
  });

test('killed, stopped or without its device: 20 steps with everything on end with the same bits', () =>
  withSet(noisySet(), async (root, out) => {
    const whole = await cli(['train', root, '--out', `${out}-whole`, ...EVERYTHING]);
    assert.is(whole.code, 0, whole.stderr);

    assert.is(await endedAt(4, 'SIGTERM', [root, '--out', out, ...EVERYTHING, '--save-latest-freq', '10']), 143);
    assert.match(readdirSync(join(out, 'checkpoints')).join(), /^step-[45]$/, 'saved before it ended');
    await endedAt(13, 'SIGKILL', ['--resume', '--out', out]);
    assert.ok(existsSync(join(out, 'checkpoints', 'step-10')));
    assert.ok(existsSync(join(out, 'lock.json')), 'it was killed');
    const resumed = await cli(['train', '--resume', out]);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /Goes on after step 10, from .*step-10/);
    assert.match(resumed.stderr, /Took the folder over from process \d+ on this machine/);
    checkSameEnd(out, `${out}-whole`);
    assert.not.ok(existsSync(join(out, 'lock.json')));

    const lost = await withLosses(
      [60],
      ['train', root, '--out', `${out}-lost`, ...EVERYTHING, '--save-latest-freq', '4'],
    );
    assert.is(lost.code, 0, lost.stderr);
    assert.match(
      lost.stderr,
      /The GPU device was closed after step \d+: going back to the last checkpoint, try 1 of 3/,
    );
    checkSameEnd(`${out}-lost`, `${out}-whole`);
  }));

test('the end of a run, and options that differ', () =>
  withSet({}, async (root, out) => {
    await cli(['train', root, '--out', out, ...TINY, '--max-steps', '2', '--no-flip', '--vgg-normalise']);
    const ended = await cli(['train', '--resume', out]);
    assert.is(ended.code, 2);
    assert.match(ended.stderr, /the run has come to its end, step 2 of 2\. Raise --max-steps \(now 2\) to go on/);
    const chosen = await cli(['train', '--resume', out, '--which-epoch', '1']);
    assert.match(chosen.stderr, /--which-epoch 1 with --resume\. A run goes on from its newest checkpoint; --init/);
    const silent = ['--phase', 'train', '--port', '0', '--print-freq', '3', '--tune-seconds', '9'];
    const differing = ['--max-steps', '3', '--lr', '0.001', '--flip', '--no-vgg-normalise'];
    const longer = await cli(['train', '--resume', out, ...silent, ...differing]);
    assert.is(longer.code, 0, longer.stderr);
    assert.match(longer.stderr, /Changed --lr: was 0\.0002, now 0\.001\n/);
    assert.match(longer.stderr, /Changed --max-steps: was 2, now 3\n/);
    assert.match(longer.stderr, /Changed --no-flip: was true, now false\n/);
    assert.match(longer.stderr, /Changed --vgg-normalise: was true, now false\n/);
    assert.is(longer.stderr.match(/Changed/g)!.length, 4);
  }));

test('a device that is lost at the same place four times ends the training with 75', () =>
  withSet({}, async (root, out) => {
    const submits = Array.from({ length: 400 }, (_, i) => i + 1);
    const { code, stderr } = await withLosses(submits, ['train', root, '--out', out, ...TINY, '--max-steps', '2']);
    assert.is(code, 75, stderr);
    assert.match(stderr, /try 1 of 3[^]*try 2 of 3[^]*try 3 of 3/);
    assert.not.ok(existsSync(out), 'it never came to a step');
  }));

test.run();
