import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recoloured } from '../../src/data/jitter.js';
import { createRng, uniform } from '../../src/data/rng.js';
import { drawSample, type PreparedSample, type Sample, type SampleOptions } from '../../src/data/sample.js';
import { randomFrom } from '../support/random.js';
import { OPTIONS } from './make-set.js';

const test = suite('scale and colour jitter');

const SIZE = { width: 12, height: 8 };
const random = randomFrom(2);
const AREA = SIZE.width * SIZE.height;
/** Ids that are rare among small numbers, so that a mixture of two would show. */
const LABELS = Int32Array.from({ length: AREA }, () => random.pick([0, 7, 31]));
const PHOTO = Uint8Array.from({ length: 3 * AREA }, () => random.int(40, 200));
const PREPARED: PreparedSample = {
  paths: { name: 'a', label: 'a.png' },
  size: SIZE,
  pictures: { labels: LABELS, instances: LABELS, image: PHOTO },
};

const drawn = (options: Partial<SampleOptions>, seed = 1): Sample =>
  drawSample(PREPARED, { ...OPTIONS, resizeOrCrop: 'none', ...options }, createRng(seed));

const seeds = Array.from({ length: 20 }, (_, i) => i);

test('enlarged pictures are cut back to their size, in places that differ, with ids that stay ids', () => {
  const samples = seeds.map((seed) => drawn({ scaleJitter: 1 }, seed));
  for (const { width, height, labels, instances } of samples) {
    assert.equal([width, height], [12, 8]);
    assert.equal(labels, instances, 'all maps of a sample alike');
    assert.ok(labels!.every((id) => [0, 7, 31].includes(id)));
  }
  assert.ok(new Set(samples.map(({ labels }) => labels!.join())).size > 15);
  assert.equal(drawn({ scaleJitter: 1 }, 3), samples[3], 'the same seed draws the same');
});

test('cropped pictures have the size of the crop', () => {
  for (const seed of seeds) {
    const { width, height } = drawn({ scaleJitter: 0.5, resizeOrCrop: 'crop', fineSize: 6 }, seed);
    assert.equal([width, height], [6, 6]);
  }
});

test('photo and labels move together', () => {
  const image = Uint8Array.from({ length: 3 * AREA }, (_, i) => LABELS[Math.floor(i / 3)]!);
  const prepared = { ...PREPARED, pictures: { labels: LABELS, image } };
  const options = { ...OPTIONS, resizeOrCrop: 'none', scaleJitter: 3, noFlip: false } as const;
  const { labels, image: photo } = drawSample(prepared, options, createRng(5));
  // Bicubic rings at borders; most pixels are still nearest to their own label.
  const near = labels!.filter((id, i) => Math.abs((photo![i]! + 1) * 127.5 - id) < 8).length;
  assert.ok(near > 0.6 * AREA, `${near} of ${AREA}`);
});

test('colours change in the photo alone, and without jitter nothing does', () => {
  const plain = drawn({});
  const coloured = drawn({ colorJitter: 0.5 });
  assert.equal(coloured.labels, plain.labels);
  assert.not.equal(coloured.image, plain.image);
  assert.equal(drawn({ scaleJitter: 0, colorJitter: 0 }), plain);
  const input = drawSample(
    { ...PREPARED, pictures: { input: PHOTO, image: PHOTO } },
    { ...OPTIONS, resizeOrCrop: 'none', labelNc: 0, colorJitter: 0.5 },
    createRng(1),
  );
  assert.equal(input.input, plain.image);
  assert.equal(input.image, coloured.image);
});

test('brightness, contrast and saturation in their order, as written out for two pixels', () => {
  const draws = createRng(6);
  const [b, c, s] = [0, 1, 2].map(() => 1 + 0.4 * (2 * uniform(draws) - 1)) as [number, number, number];
  const pixels = [
    [100, 50, 20],
    [30, 60, 90],
  ];
  const luma = ([r, g, b]: number[]) => 0.299 * r! + 0.587 * g! + 0.114 * b!;
  const bright = pixels.map((pixel) => pixel.map((v) => v * b));
  const mean = (luma(bright[0]!) + luma(bright[1]!)) / 2;
  const contrasted = bright.map((pixel) => pixel.map((v) => mean + c * (v - mean)));
  const want = contrasted.flatMap((pixel) => pixel.map((v) => Math.round(luma(pixel) + s * (v - luma(pixel)))));
  assert.equal([...recoloured(Uint8Array.from(pixels.flat()), 3, 0.4, createRng(6))], want);
});

test('a grey photo stays grey, alpha stays, and values stay in range', () => {
  for (const seed of seeds) {
    const grey = Uint8Array.from({ length: 30 }, (_, i) => 25 * Math.floor(i / 3));
    const out = recoloured(grey, 3, 0.9, createRng(seed));
    assert.ok(out.every((value, i) => value === out[i - (i % 3)]));
    const rgba = Uint8Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? i : 255 - i));
    assert.equal(
      recoloured(rgba, 4, 0.9, createRng(seed)).filter((_, i) => i % 4 === 3),
      rgba.filter((_, i) => i % 4 === 3),
    );
  }
});

test.run();
