// The judge learns what is easy to see, and takes odd sides.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSegmenter, type Pair } from '../../src/metrics/segmenter.js';
import { openTestDevice } from '../support/device.js';

const test = suite('segmentation net');

const COLOURS = [
  [200, 30, 30],
  [30, 200, 30],
  [30, 30, 200],
];

/** Stripes of classes in their colours. */
function stripes(width: number, height: number, shift: number): Pair {
  const labels = Int32Array.from({ length: width * height }, (_, i) => Math.floor(((i % width) + shift) / 5) % 3);
  const image = Uint8Array.from({ length: 3 * labels.length }, (_, i) => COLOURS[labels[Math.floor(i / 3)]!]![i % 3]!);
  return { size: { width, height }, image, labels };
}

test('it names classes by their colours after some steps, on another size too, and frees its memory', async () => {
  const device = await openTestDevice();
  const { liveBytes } = device.memory();
  const judge = createSegmenter(device, 3, 1);
  const losses = [];
  for (let i = 0; i < 30; i++) losses.push(await judge.learn(stripes(17, 15, i), 5e-3));
  assert.ok(losses.at(-1)! < 0.3 * losses[0]!, String(losses));
  const { size, image, labels } = stripes(22, 13, 2);
  const seen = await judge.see(image, size);
  const right = seen.filter((id, i) => id === labels[i]).length / seen.length;
  assert.ok(right > 0.9, String(right));
  judge.close();
  await new Promise((done) => setTimeout(done, 10)); // programs are dropped behind a promise
  assert.is(device.memory().liveBytes, liveBytes);
});

test.run();
