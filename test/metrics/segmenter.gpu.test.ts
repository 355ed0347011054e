// The judge learns what is easy to see, and takes odd sides.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { estimateMemory } from '../../src/graph/estimate.js';
import { trainJudge } from '../../src/metrics/judge.js';
import { createSegmenter, type Pair, segmenterPrograms } from '../../src/metrics/segmenter.js';
import { blurred } from '../../src/metrics/spoil.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom } from '../support/random.js';

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

/** Classes 0 and 1 side by side: reddish and greenish noise around grey, or each in one colour. */
function halves(noise: (i: number) => number): Pair {
  const size = { width: 32, height: 24 };
  const labels = Int32Array.from({ length: 32 * 24 }, (_, i) => (i % 32 < 16 ? 0 : 1));
  const tint = [
    [150, 100, 100],
    [100, 150, 100],
  ];
  const image = Uint8Array.from({ length: 3 * labels.length }, (_, at) => {
    const i = Math.floor(at / 3);
    return tint[labels[i]!]![at % 3]! + noise(i);
  });
  return { size, image, labels };
}

test('the judge recognises what photos show, and nothing in flat or blurred colours', async () => {
  const device = await openTestDevice();
  const random = randomFrom(7);
  const grains = Array.from({ length: 32 * 24 }, () => 60 * random.next());
  const { size, image, labels } = halves((i) => grains[i]!);
  const sample = { paths: { name: 'a', label: 'a.png' }, size, pictures: { image, labels } };
  const training = {
    samples: [sample.paths],
    cache: { samples: new Map([[0, sample]]), bytes: 0 },
  } as unknown as Dataset;
  const judge = await trainJudge(device, training, 2, { steps: 60, seed: 1 });
  const recognised = async (picture: Uint8Array) => {
    const seen = await judge.see(picture, size);
    return seen.filter((id, i) => id === labels[i]).length / seen.length;
  };
  const [photo, flat, blur] = [image, halves(() => 30).image, blurred(image, size, 4)];
  const found = [await recognised(photo), await recognised(flat), await recognised(blur)];
  assert.ok(found[0]! > 0.9 && found[1]! < 0.5 && found[2]! < 0.5, String(found));
  judge.close();
});

test('it takes the memory that was planned for it', async () => {
  const device = await openTestDevice();
  const { liveBytes } = device.memory();
  const [learned, seen] = [stripes(64, 40, 0), stripes(70, 50, 0)];
  const { specs, optimizer } = segmenterPrograms(3, learned.size, seen.size);
  const { peakBytes } = await estimateMemory(device, specs, {}, optimizer);
  const judge = createSegmenter(device, 3, 1);
  await judge.learn(learned, 1e-3);
  await judge.see(seen.image, seen.size);
  const taken = device.memory().liveBytes - liveBytes;
  assert.ok(Math.abs(taken - peakBytes) < 0.05 * taken, `${peakBytes} planned, ${taken} taken`);
  judge.close();
});

test.run();
