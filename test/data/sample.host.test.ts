import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage } from '../../src/data/load.js';
import { createRng } from '../../src/data/rng.js';
import { drawSample, prepareSample, type SampleOptions } from '../../src/data/sample.js';
import { toPlanes } from '../../src/data/values.js';
import { labelChannels } from '../../src/nets/encode-input.js';
import { refuses, withFolder } from '../formats/support.js';
import { greyPng, makePng } from './make-png.js';
import { H, instances, label, OPTIONS, photo, W, writeFiles } from './make-set.js';

const test = suite('samples');

type Files = { label: Uint8Array; instance?: Uint8Array; image?: Uint8Array; feature?: Uint8Array };

/** Loads one sample whose files are named after their role. */
const load = (files: Files, options: Partial<SampleOptions> = {}) =>
  withFolder(async (root) => {
    const named = Object.entries(files).map(([role, content]) => [`${role}.png`, content]);
    writeFiles(root, Object.fromEntries(named));
    const paths = Object.fromEntries(Object.keys(files).map((role) => [role, join(root, `${role}.png`)]));
    const all = { ...OPTIONS, ...options };
    return drawSample(await prepareSample({ name: 'a', label: '', ...paths }, all, readImage), all, createRng(1));
  });

const rest = (...ids: number[]) => [...ids, ...new Array(W * H - ids.length).fill(0)];

test('ids, photo and features come out as the nets take them', async () => {
  const sample = await load({
    label: label(1, 2),
    instance: instances(26001, 33008),
    image: photo(255),
    feature: photo(0),
  });
  assert.equal([sample.width, sample.height], [W, H]);
  assert.equal([...(sample.labels ?? [])], rest(1, 2));
  assert.equal([...(sample.instances ?? [])].slice(0, 3), [26001, 33008, 1]);
  assert.equal([sample.image?.length, sample.image?.[0], sample.features?.[0]], [3 * W * H, 1, -1]);
});

test('every byte becomes the float32 that (v/255 − 0.5)/0.5 gives in float32 steps', () => {
  const f = Math.fround;
  const planes = toPlanes(Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)));
  for (let v = 0; v < 256; v++) {
    const wanted = f(f(f(v / 255) - f(0.5)) / f(0.5));
    assert.equal([planes[v], planes[256 + v], planes[512 + v]], [wanted, wanted, wanted]);
  }
  assert.is(planes[1], -0.9921568632125854); // torch 1.13: ((tensor(1.)/255) - 0.5)/0.5
});

test('8-bit instance maps keep their ids, palette pictures give indices, 16-bit labels are not scaled', async () => {
  const palette = [
    [9, 9, 9],
    [8, 8, 8],
    [7, 7, 7],
  ];
  const indexed = makePng({ width: W, height: H, depth: 2, colour: 3, samples: rest(2, 1), palette });
  const sample = await load({ label: indexed, instance: greyPng(W, H, rest(200, 3)) });
  assert.equal([...(sample.labels ?? [])].slice(0, 3), [2, 1, 0]);
  assert.equal([...(sample.instances ?? [])].slice(0, 3), [200, 3, 0]);
  assert.equal([...((await load({ label: greyPng(W, H, rest(2), 16) })).labels ?? [])].slice(0, 2), [2, 0]);
});

test('sides grow to the multiple that the generator keeps, by repeating the border', async () => {
  const sample = await load({ label: label(0, 0, 0, 0, 0, 2), image: photo(255) }, { multiple: 8 });
  assert.equal([sample.width, sample.height, sample.image?.length], [8, 8, 3 * 64]);
  assert.equal([...(sample.labels ?? [])].slice(0, 8), [0, 0, 0, 0, 0, 2, 2, 2]);
  assert.ok(sample.image?.every((v) => v === 1));
});

test('label_nc 0 takes the picture itself', async () => {
  const sample = await load({ label: photo(255) }, { labelNc: 0 });
  assert.is(sample.labels, undefined);
  assert.equal([sample.input?.length, sample.input?.[7]], [3 * W * H, 1]);
});

test("don't care becomes one more class, and only that id", async () => {
  const options = { labelNc: 3, dontCare: 255 };
  assert.is(labelChannels(options), 4);
  assert.is(labelChannels({ labelNc: 3 }), 3);
  assert.equal([...((await load({ label: label(255, 2) }, options)).labels ?? [])].slice(0, 3), [3, 2, 0]);
  await refuses(() => load({ label: label(3) }, options), 65, /label id 3 \(1 pixel, first at x=0 y=0\) outside 0…2/);
});

const RGB = photo();
const FAULTS: [name: string, files: Files, message: RegExp][] = [
  [
    'label id 3 of 3',
    { label: label(0, 1, 3, 3) },
    /label\.png: label id 3 \(2 pixels, first at x=2 y=0\) outside 0…2\. --label-nc 4 would take every class/,
  ],
  [
    'label 255',
    { label: greyPng(W, H, [...rest().slice(8), 255, ...rest(0)]) },
    /label id 255 \(1 pixel, first at x=4 y=2\) outside 0…2\. 255 usually means don't care: give --dont-care 255/,
  ],
  [
    'many wrong ids',
    { label: label(9, 8, 7, 6, 5, 4, 255) },
    /label id 4 .*5 .*6 .*7 .*8 .*… outside.*--dont-care 255 .*; --label-nc 10/,
  ],
  ['labels in RGB', { label: RGB }, /label\.png: label map in colour \(RGB\), expected ids\. Save one id a pixel/],
  [
    'labels with alpha',
    { label: makePng({ width: W, height: H, depth: 8, colour: 4, samples: new Array(2 * W * H).fill(0) }) },
    /label map with an alpha channel/,
  ],
  ['an instance map in RGB', { label: label(), instance: RGB }, /instance\.png: instance map in colour \(RGB\)/],
  [
    'an instance map of another size',
    { label: label(), instance: greyPng(W, H + 1, new Array(30).fill(0)) },
    /instance\.png: is 6×5, its partner .*label\.png is 6×4/,
  ],
  ['a photo of another size', { label: label(), image: photo(1, 5, 4) }, /image\.png: is 5×4, its partner/],
  ['a truncated PNG', { label: label().slice(0, 60) }, /label\.png: damaged PNG: it is cut short/],
  ['an empty file', { label: new Uint8Array() }, /label\.png: is empty/],
  ['a text file', { label: new TextEncoder().encode('<html>') }, /label\.png: is no PNG, JPEG, WebP, TIFF or PPM/],
];

for (const [name, files, message] of FAULTS) {
  test(`told: ${name}`, async () => {
    await refuses(() => load(files), 65, message);
  });
}

test('a picture over the limit is refused by its header', () =>
  refuses(() => load({ label: label() }, { maxPixels: 23 }), 65, /label\.png: 6×4 pixels, the limit is 23/));

test.run();
