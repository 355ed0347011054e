// NaN and infinity: found in the step that meets them, named, and with skip without any effect.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startCursor } from '../../src/data/cursor.js';
import type { Batch } from '../../src/data/dataset.js';
import type { Start } from '../../src/train/checkpoint.js';
import type { Settings } from '../../src/train/settings.js';
import { type BatchSource, DivergedError, trainingSteps } from '../../src/train/steps.js';
import { openTestDevice } from '../support/device.js';
import { batch, bytesOf, fileOf, SETTINGS, START, trainerFor } from './support.js';

const test = suite('faults');

/** A batch whose photo has one value that is no number. */
function spoilt(seed: number, value = Number.NaN): Batch {
  const sample = batch(20, 20, seed);
  sample.image![777] = value;
  return sample;
}

/** One value of a tensor of G at its start; others 0.01. */
const planted = (name: string, length: number, value: number): Start => ({
  nets: {
    G: (asked) => (asked === name ? () => new Float32Array(length).fill(0.01).fill(value, 2, 3) : undefined),
  },
});

const WEIGHT = 'model.4.weight'; // [8, 4, 3, 3], amid the net, with norms and ReLUs behind it

/** Where a first step finds faults. */
const PLANTS: [what: string, start: Start, sample: Batch, weights: RegExp, others: RegExp][] = [
  ['NaN in a weight', planted(WEIGHT, 288, Number.NaN), batch(20, 20), /^the weight G model\.4\.weight$/, /./],
  ['infinity in a weight', planted(WEIGHT, 288, Infinity), batch(20, 20), /^the weight G model\.4\.weight$/, /./],
  ['NaN in a photo', {}, spoilt(1), /^$/, /^the input image,/],
  ['infinity in a photo', {}, spoilt(1, -Infinity), /^$/, /^the input image,/],
];

for (const [what, start, sample, weights, others] of PLANTS) {
  test(`${what} is found in its step and named`, async () => {
    const device = await openTestDevice();
    const trainer = trainerFor(device, {}, { start });
    await trainer.step([sample], START);
    const { health } = trainer;
    trainer.close();
    assert.match(health!.weights.join(), weights);
    assert.match(health!.others.join(), others);
  });
}

test('a gradient that overflows when Adam squares it is found before that', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, { lambdaFeat: 1e30 });
  await trainer.step([batch(20, 20)], START);
  const { health } = trainer;
  trainer.close();
  assert.equal(health!.weights, []);
  assert.match(health!.others.join(), /the gradient of G model\.1\.weight/);
});

test('an overflow that tanh would hide is seen in front of it', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, {}, { start: planted('model.12.bias', 3, 1e30) });
  const losses = await trainer.step([batch(20, 20)], START);
  const { health } = trainer;
  trainer.close();
  assert.ok(Object.values(losses).every(Number.isFinite), 'the losses look well');
  assert.ok(health!.others.includes("G's picture"), health!.others.join());
});

test('a good step has no faults and is told how much of its picture is saturated', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device);
  await trainer.step([batch(20, 20)], START);
  const { weights, others, saturated } = trainer.health!;
  trainer.close();
  assert.equal([weights, others], [[], []]);
  assert.ok(saturated >= 0 && saturated < 0.5, String(saturated));
});

for (const change of [{}, { accumulate: 2, ema: 0.9 }] as Partial<Settings>[]) {
  test(`a skipped step changes nothing: ${JSON.stringify(change)}`, async () => {
    const device = await openTestDevice();
    const { accumulate = 1 } = change;
    const run = async (seeds: number[]) => {
      const trainer = trainerFor(device, { ...change, onNan: 'skip' });
      for (const seed of seeds) {
        const good = Array.from({ length: accumulate }, (_, i) => batch(20, 20, seed + i));
        const [first, ...rest] = good;
        await trainer.step(seed < 0 ? [spoilt(1), ...rest] : [first!, ...rest], START);
      }
      const files = [
        'G.safetensors',
        'D.safetensors',
        'optimizer.safetensors',
        ...(change.ema ? ['G-ema.safetensors'] : []),
      ];
      const bytes = [];
      for (const name of files) bytes.push(await bytesOf(fileOf(trainer, name)));
      trainer.close();
      return bytes;
    };
    assert.equal(await run([1, -1, -1, 5]), await run([1, 5]));
  });
}

/** Batches of which those at `bad` have NaN. */
const sourceWith = (bad: (position: number) => boolean): BatchSource => ({
  load: async ({ position }) => (bad(position) ? spoilt(position) : batch(20, 20, position)),
  advance: ({ seed, epoch, position }) => ({ seed, epoch, position: position + 1 }),
});

test('skipped steps are said; twenty in a row end the training', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, { onNan: 'skip' });
  const settings = { ...SETTINGS, onNan: 'skip' as const };
  const begin = { step: 0, cursor: startCursor(7) };
  const told: (string | undefined)[] = [];
  const once = sourceWith((position) => position === 1);
  for await (const { skipped } of trainingSteps(trainer, once, settings, begin, 3)) told.push(skipped?.slice(0, 37));
  assert.equal(told, [undefined, 'NaN or infinity in the input image, t', undefined]);
  const always = sourceWith((position) => position > 0);
  let steps = 0;
  try {
    for await (const _ of trainingSteps(trainer, always, settings, begin, 99)) steps++;
    assert.unreachable('it went on');
  } catch (error) {
    assert.instance(error, DivergedError);
    assert.match((error as Error).message, /at step 22, and 21 steps in a row were skipped\. Start again/);
  }
  assert.is(steps, 21);
  trainer.close();
});

test.run();
