// Training with half floats: close to that of f32, and what overflows is skipped and scaled down.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startCursor } from '../../src/data/cursor.js';
import type { Start } from '../../src/train/checkpoint.js';
import { FIRST_SCALE, nextScale } from '../../src/train/loss-scale.js';
import type { Settings } from '../../src/train/settings.js';
import { type BatchSource, DivergedError, trainingSteps } from '../../src/train/steps.js';
import { openTestDevice } from '../support/device.js';
import { batch, bytesOf, fileOf, SETTINGS, START, trainerFor } from './support.js';

const test = suite('half floats');

const HALF = { precision: 'f16' } as const;
/** Of all kernels these are compiled soonest. */
const PLAIN = { compile: { force: { conv: 'plain', convWeight: 'plain' } } };
const FILES = ['G.safetensors', 'D.safetensors'];

/** Weights and moments. */
async function bytesOfAll(trainer: ReturnType<typeof trainerFor>): Promise<Uint8Array[]> {
  const bytes = [];
  for (const name of [...FILES, 'optimizer.safetensors']) bytes.push(await bytesOf(fileOf(trainer, name)));
  return bytes;
}

const withoutState = async (trainer: ReturnType<typeof trainerFor>, name: string) =>
  bytesOf({ ...fileOf(trainer, name), metadata: {} });

test('the scale halves at an overflow, doubles after 2000 good steps, and stays between 1 and 2²⁴', () => {
  assert.equal(nextScale({ scale: 1024, good: 1500 }, true), { scale: 512, good: 0 });
  assert.equal(nextScale({ scale: 1, good: 0 }, true), { scale: 1, good: 0 });
  let state = FIRST_SCALE;
  for (let i = 0; i < 1999; i++) state = nextScale(state, false);
  assert.equal(state, { scale: 65536, good: 1999 });
  assert.equal(nextScale(state, false), { scale: 131072, good: 0 });
  assert.equal(nextScale({ scale: 2 ** 24, good: 1999 }, false), { scale: 2 ** 24, good: 0 });
});

/** Of all first moments: after one step they are the gradients, halved. */
async function momentsOf(trainer: ReturnType<typeof trainerFor>): Promise<number[]> {
  const { tensors } = fileOf(trainer, 'optimizer.safetensors');
  const all: number[] = [];
  for (const { name, data } of tensors)
    if (name.endsWith('exp_avg')) all.push(...((typeof data === 'function' ? await data() : data) as Float32Array));
  return all;
}

const norm = (values: number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

test('losses and gradients are those of f32, in less memory', async () => {
  const run = async (change: Partial<Settings>) => {
    const trainer = trainerFor(await openTestDevice(), change, PLAIN);
    const losses = await trainer.step([batch(40, 36)], START);
    const moments = await momentsOf(trainer);
    assert.not(trainer.health!.overflowed, 'overflowed');
    const { lowerBoundBytes } = trainer.stats!;
    trainer.close();
    return { losses, moments, lowerBoundBytes };
  };
  const [exact, half] = [await run({}), await run(HALF)];
  for (const [name, value] of Object.entries(exact.losses)) {
    const off = Math.abs(half.losses[name]! / value - 1);
    assert.ok(off < 0.005, `${name}: ${half.losses[name]} for ${value}`);
  }
  const off = norm(half.moments.map((v, i) => v - exact.moments[i]!)) / norm(exact.moments);
  assert.ok(off > 0 && off < 0.02, `gradients are off by ${off}`);
  assert.ok(half.lowerBoundBytes < 0.7 * exact.lowerBoundBytes, `${half.lowerBoundBytes} bytes`);
});

/** So large that some gradients are beyond all halves. */
const PLANTED = { ...PLAIN, start: { lossScale: { scale: 2 ** 24, good: 5 } } };

for (const change of [{}, { accumulate: 2, ema: 0.9 }] as Partial<Settings>[]) {
  test(`an overflow skips one step and halves the scale: ${JSON.stringify(change)}`, async () => {
    const device = await openTestDevice();
    const batches = Array.from({ length: change.accumulate ?? 1 }, (_, k) => batch(20, 20, k));
    const trainer = trainerFor(device, { ...HALF, ...change, lambdaFeat: 1e3 }, PLANTED);
    const fresh = trainerFor(device, { ...HALF, ...change, lambdaFeat: 1e3 }, PLAIN);
    const files = [...FILES, ...(change.ema ? ['G-ema.safetensors'] : []), 'optimizer.safetensors'];
    await trainer.step(batches, START);
    assert.ok(trainer.health!.overflowed);
    assert.is(trainer.health!.lossScale, 2 ** 24);
    const { state } = trainer.checkpoint({ step: 1, cursor: startCursor(7) });
    assert.equal(state.lossScale, { scale: 2 ** 23, good: 0 });
    assert.equal(state.adam, { G: 0, D: 0 });
    for (const name of files)
      assert.equal(await withoutState(trainer, name), await withoutState(fresh, name), `${name} changed`);
    trainer.close();
    fresh.close();
  });
}

test('a training that goes on has the scale and the bits of one that never stopped', async () => {
  const device = await openTestDevice();
  const start: Start = { lossScale: { scale: 256, good: 1997 } };
  const steps = async (trainer: ReturnType<typeof trainerFor>, seeds: number[]) => {
    for (const seed of seeds) await trainer.step([batch(24, 24, seed)], START);
    return trainer.checkpoint({ step: 0, cursor: startCursor(7) });
  };
  const whole = trainerFor(device, HALF, { ...PLAIN, start });
  await steps(whole, [1, 2, 3, 4, 5]);
  const first = trainerFor(device, HALF, { ...PLAIN, start });
  const { files, state } = await steps(first, [1, 2, 3]);
  const stored = new Map<string, Float32Array>();
  for (const { name: file, tensors } of files)
    for (const { name, data } of tensors)
      stored.set(`${file[0]} ${name}`, (typeof data === 'function' ? await data() : data) as Float32Array);
  const of = (file: string) => (name: string) => {
    const data = stored.get(`${file} ${name}`);
    return data && (() => data);
  };
  const nets = { G: of('G'), D: of('D') };
  const again = trainerFor(device, HALF, { ...PLAIN, start: { ...state, nets, optimizer: of('o') } });
  const { state: end } = await steps(again, [4, 5]);
  assert.equal(end.lossScale, { scale: 512, good: 2 });
  assert.equal(await bytesOfAll(again), await bytesOfAll(whole));
  for (const trainer of [whole, first, again]) trainer.close();
});

test('overflows are said and go on; NaN that no scale mends ends the training as ever', async () => {
  const trainer = trainerFor(await openTestDevice(), { ...HALF, lambdaFeat: 1e3 }, PLANTED);
  const settings = { ...SETTINGS, ...HALF };
  const source: BatchSource = {
    load: async ({ position }) => {
      const good = batch(20, 20, position);
      if (position === 1) good.image![7] = Number.NaN;
      return good;
    },
    advance: ({ seed, epoch, position }) => ({ seed, epoch, position: position + 1 }),
  };
  const told: (string | undefined)[] = [];
  try {
    const begin = { step: 0, cursor: startCursor(7) };
    for await (const { skipped } of trainingSteps(trainer, source, settings, begin, 9)) told.push(skipped);
    assert.unreachable('it went on');
  } catch (error) {
    assert.instance(error, DivergedError);
    assert.match((error as Error).message, /the input image.* at step 2/);
  }
  assert.equal(told, ['gradients overflow half floats with losses scaled by 16777216, from now on by 8388608']);
  trainer.close();
});

test.run();
