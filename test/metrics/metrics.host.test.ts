// Measures against hand computations: loops straight from the formulas.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRng } from '../../src/data/rng.js';
import { agreement } from '../../src/metrics/consistency.js';
import { psnr, ssim } from '../../src/metrics/pictures.js';
import { blurred, mosaic, spoilt } from '../../src/metrics/spoil.js';
import { randomFrom } from '../support/random.js';

const test = suite('measures');

const grey = (values: ArrayLike<number>): Uint8Array =>
  Uint8Array.from({ length: 3 * values.length }, (_, i) => values[Math.floor(i / 3)]!);
const flat = (value: number, side: number) => grey(new Array(side * side).fill(value));
const near = (got: number, want: number, within: number) =>
  assert.ok(Math.abs(got - want) <= within, `${got} is not ${want}`);

test('PSNR', () => {
  near(psnr(Uint8Array.of(0, 10, 20), Uint8Array.of(3, 6, 20)), 10 * Math.log10(65025 / (25 / 3)), 1e-12);
  assert.is(psnr(flat(7, 2), flat(7, 2)), Number.POSITIVE_INFINITY);
});

/** One window at (left, top), all of it in loops. */
function windowSsim(a: number[], b: number[], width: number, left: number, top: number): number {
  const weights: number[] = [];
  for (let y = -5; y <= 5; y++) for (let x = -5; x <= 5; x++) weights.push(Math.exp(-(x * x + y * y) / 4.5));
  const all = weights.reduce((s, v) => s + v);
  const cut = (p: number[]) => weights.map((_, i) => p[(top + Math.floor(i / 11)) * width + left + (i % 11)]!);
  const [x, y] = [cut(a), cut(b)];
  const mean = (f: (i: number) => number) => weights.reduce((s, w, i) => s + (w / all) * f(i), 0);
  const [mx, my] = [mean((i) => x[i]!), mean((i) => y[i]!)];
  const vx = mean((i) => (x[i]! - mx) ** 2);
  const vy = mean((i) => (y[i]! - my) ** 2);
  const c = mean((i) => (x[i]! - mx) * (y[i]! - my));
  const [c1, c2] = [6.5025, 58.5225];
  return ((2 * mx * my + c1) * (2 * c + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

test('SSIM is the mean over windows; 1 for the same picture, by levels alone for flat ones', () => {
  const random = randomFrom(3);
  const [width, height] = [14, 12];
  const draw = () => Array.from({ length: width * height }, () => Math.floor(256 * random.next()));
  const a = draw();
  const b = a.map((v, i) => Math.min(255, Math.max(0, Math.round(v + 80 * random.next() - (i % 40)))));
  let sum = 0;
  for (let y = 0; y < 2; y++) for (let x = 0; x < 4; x++) sum += windowSsim(a, b, width, x, y);
  near(ssim(grey(a), grey(b), { width, height }), sum / 8, 1e-9);
  near(ssim(grey(a), grey(a), { width, height }), 1, 1e-12);
  const size = { width: 11, height: 11 };
  near(ssim(flat(100, 11), flat(60, 11), size), (2 * 6000 + 6.5025) / (10000 + 3600 + 6.5025), 1e-9);
  assert.ok(Number.isNaN(ssim(flat(1, 4), flat(1, 4), { width: 4, height: 4 })));
});

test('SSIM looks at luminance', () => {
  const size = { width: 11, height: 11 };
  const red = Uint8Array.from({ length: 363 }, (_, i) => (i % 3 === 0 ? 200 : 0));
  near(ssim(red, flat(0, 11), size), 6.5025 / (59.8 ** 2 + 6.5025), 1e-9);
});

test('accuracy and mean IoU over pictures; absent classes and ignored pixels do not count', () => {
  const sums = agreement(5, 4);
  sums.add(Int32Array.of(0, 0, 1, 4), Int32Array.of(0, 1, 1, 2));
  sums.add(Int32Array.of(1, 0), Int32Array.of(1, 2));
  // Class 0: 1 of 3 labelled, 1 seen → 1/3; class 1: both, seen 3 times → 2/3; class 2 is seen but never labelled.
  const { accuracy, meanIoU } = sums.result();
  near(accuracy, 3 / 5, 1e-12);
  near(meanIoU, (1 / 3 + 2 / 3) / 2, 1e-12);
});

test('what is not recognised is wrong, and no class has it', () => {
  const sums = agreement(2);
  sums.add(Int32Array.of(0, 0, 1, 1), Int32Array.of(0, 2, 1, 2));
  assert.equal(sums.result(), { accuracy: 0.5, meanIoU: 0.5 });
});

const ROW = { width: 4, height: 1 };

test('blur is a box over a box, a mosaic has the colours of corners', () => {
  assert.equal(blurred(grey([0, 0, 30, 30]), ROW, 1), grey([5, 10, 20, 25]));
  assert.equal(blurred(grey([0, 0, 30, 30]), { width: 1, height: 4 }, 1), grey([5, 10, 20, 25]));
  assert.equal(mosaic(grey([1, 2, 3, 4]), ROW, 2, [0, 0]), grey([1, 1, 3, 3]));
  assert.equal(mosaic(grey([1, 2, 3, 4]), ROW, 2, [1, 0]), grey([1, 2, 2, 4]));
});

test('a pair is spoilt in one part, which says so, and nowhere else', () => {
  const size = { width: 24, height: 18 };
  const random = randomFrom(4);
  const image = grey(Array.from({ length: 24 * 18 }, () => random.int(0, 255)));
  const pair = { size, image, labels: new Int32Array(24 * 18).fill(1) };
  for (let seed = 0; seed < 8; seed++) {
    const { image: bad, labels } = spoilt(pair, 7, createRng(seed));
    const part = labels.filter((id) => id === 7).length / labels.length;
    assert.ok(part > 0.08 && part <= 1, String(part));
    const changed = [...labels.keys()].filter((i) => bad[3 * i] !== image[3 * i]);
    assert.ok(changed.every((i) => labels[i] === 7));
    assert.ok(changed.length > 0.5 * part * labels.length, 'most of the part');
  }
});

test.run();
