// The trainer: sizes share everything, a step makes nothing, and what it saves paints what it painted.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startCursor } from '../../src/data/cursor.js';
import { loadGenerator } from '../../src/generate/generator.js';
import { stateOf } from '../../src/graph/storage.js';
import { type BatchSource, DivergedError, trainingSteps } from '../../src/train/steps.js';
import { openTestDevice } from '../support/device.js';
import { batch, bytesOf, fileOf, SETTINGS, START, trainerFor } from './support.js';

const test = suite('trainer');

test('five sizes train and paint with the pipelines of the first and the memory of the largest', async () => {
  const device = await openTestDevice();
  const before = device.memory();
  const sizes = [
    [32, 24],
    [20, 20],
    [48, 40],
    [24, 36],
    [40, 26],
  ] as const;
  const trainer = trainerFor(device);
  await trainer.step([batch(32, 24)], START);
  await trainer.paint(batch(32, 24));
  const { size: pipelines } = stateOf(device).pipelines;
  let largest = 0;
  for (const [width, height] of sizes) {
    await trainer.step([batch(width, height)], START);
    await trainer.paint(batch(width, height));
    largest = Math.max(largest, trainer.stats!.peakBytes);
  }
  assert.is(stateOf(device).pipelines.size, pipelines, 'new pipelines');
  const uniforms = 10 * 64 * 1024;
  const used = device.memory().liveBytes - before.liveBytes - trainer.stats!.variableBytes;
  assert.ok(used <= largest + uniforms, `${used} bytes for ${largest}`);
  trainer.close();
  await new Promise((done) => setTimeout(done, 10)); // programs are dropped behind a promise
  assert.is(device.memory().liveBytes, before.liveBytes);
});

test('from the third step on nothing is created and memory stays', async () => {
  const device = await openTestDevice();
  const created: string[] = [];
  const { gpu } = device;
  const watched = new Proxy(gpu, {
    get(object, key) {
      const value = Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (String(key).startsWith('create') && key !== 'createCommandEncoder') created.push(String(key));
        return value.apply(object, args);
      };
    },
  });
  const trainer = trainerFor({ ...device, gpu: watched });
  for (let i = 0; i < 2; i++) await trainer.step([batch(32, 24, i)], START);
  const { liveBytes, buffers } = device.memory();
  created.length = 0;
  for (let i = 2; i < 12; i++) await trainer.step([batch(32, 24, i)], START);
  assert.equal(created, []);
  assert.equal([device.memory().liveBytes, device.memory().buffers], [liveBytes, buffers]);
  trainer.close();
});

test('it learns, and the same seed learns the same', async () => {
  const device = await openTestDevice();
  const run = async () => {
    const trainer = trainerFor(device);
    const losses = [];
    for (let i = 0; i < 30; i++) losses.push((await trainer.step([batch(24, 24, i % 3)], START)).G_GAN_Feat!);
    const weights = await bytesOf(fileOf(trainer, 'G.safetensors'));
    trainer.close();
    return { losses, weights };
  };
  const [one, two] = [await run(), await run()];
  assert.equal(one, two);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  assert.ok(mean(one.losses.slice(-6)) < 0.8 * mean(one.losses.slice(0, 6)), String(one.losses));
});

test('the file it saves is enough to paint the same picture', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device);
  for (let i = 0; i < 3; i++) await trainer.step([batch(24, 16, i)], START);
  const sample = batch(24, 16, 5);
  const want = await trainer.paint(sample);
  const generator = await loadGenerator(await bytesOf(fileOf(trainer, 'G.safetensors')), { device });
  trainer.close();
  assert.equal([generator.manifest.step, generator.manifest.encoding.labelNc], [3, 4]);
  const { labels, instances } = sample;
  const size = { width: 24, height: 16 };
  const got = await generator.generate({ labels, instances, size });
  assert.equal([got.width, got.height, got.channels], [24, 16, 3]);
  assert.equal(got.data, want);
  assert.equal((await generator.generate({ labels, size })).data, want, 'instances default to the classes');
  generator.close();
});

test('steps come with their epoch, rate and place, and the next batch is loaded meanwhile', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device);
  const loaded: number[] = [];
  const source: BatchSource = {
    async load({ epoch, position }) {
      loaded.push(10 * epoch + position);
      return batch(20, 20, position);
    },
    advance: ({ seed, epoch, position }) =>
      position === 1 ? { seed, epoch: epoch + 1, position: 0 } : { seed, epoch, position: position + 1 },
  };
  const settings = { ...SETTINGS, niter: 1, niterDecay: 2 };
  const seen = [];
  for await (const { after, epoch, lr } of trainingSteps(
    trainer,
    source,
    settings,
    { step: 0, cursor: startCursor(7) },
    6,
  )) {
    seen.push([after.step, epoch, lr, loaded.length]);
  }
  assert.equal(seen, [
    [1, 1, 1e-3, 2],
    [2, 1, 1e-3, 3],
    [3, 2, 1e-3, 4],
    [4, 2, 1e-3, 5],
    [5, 3, 5e-4, 6],
    [6, 3, 5e-4, 6],
  ]);
  assert.equal(loaded, [10, 11, 20, 21, 30, 31]);
  trainer.close();
});

test('NaN ends the training and says where it is and what to do', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device);
  const source: BatchSource = {
    load: async ({ position }) => {
      const sample = batch(20, 20);
      if (position === 2) sample.image!.fill(Number.NaN);
      return sample;
    },
    advance: ({ seed, epoch, position }) => ({ seed, epoch, position: position + 1 }),
  };
  const steps: number[] = [];
  try {
    for await (const { after } of trainingSteps(trainer, source, SETTINGS, { step: 0, cursor: startCursor(7) }, 9))
      steps.push(after.step);
    assert.unreachable('it went on');
  } catch (error) {
    assert.instance(error, DivergedError);
    assert.match(
      (error as Error).message,
      /NaN or infinity in the input image, .* at step 3\. It stops here: go on from the last checkpoint/,
    );
  }
  assert.equal(steps, [1, 2]);
  trainer.close();
});

test.run();
