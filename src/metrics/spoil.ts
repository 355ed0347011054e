// Photos that lost their detail, which the judge learns to tell from photos: out of focus, or flat between edges.

import type { Size } from '../data/resample.js';
import { below, type Rng, uniform } from '../data/rng.js';
import type { Pair } from './segmenter.js';

/** Means over `2·radius + 1` samples, fewer at the ends, of `count` samples `stride` apart. */
function slidingMeans(
  from: Float32Array,
  to: Float32Array,
  first: number,
  count: number,
  stride: number,
  radius: number,
) {
  let [sum, inside] = [0, 0];
  for (let i = -radius; i < count; i++) {
    if (i + radius < count) [sum, inside] = [sum + from[first + (i + radius) * stride]!, inside + 1];
    if (i > radius) [sum, inside] = [sum - from[first + (i - radius - 1) * stride]!, inside - 1];
    if (i >= 0) to[first + i * stride] = sum / inside;
  }
}

/** Interleaved RGB, each sample the mean of a box around it, twice, which is close to a Gaussian. */
export function blurred(rgb: Uint8Array, { width, height }: Size, radius: number): Uint8Array {
  let [from, to] = [Float32Array.from(rgb), new Float32Array(rgb.length)];
  const swap = () => ([from, to] = [to, from]);
  for (let pass = 0; pass < 2; pass++) {
    for (let at = 0; at < rgb.length; at += 3 * width)
      for (let c = 0; c < 3; c++) slidingMeans(from, to, at + c, width, 3, radius);
    swap();
    for (let at = 0; at < 3 * width; at++) slidingMeans(from, to, at, height, 3 * width, radius);
    swap();
  }
  return Uint8Array.from(from, Math.round);
}

/** Squares of `side` pixels in the colour of their first one; the grid begins `side − shift` pixels before the picture. */
export function mosaic(
  rgb: Uint8Array,
  { width }: Size,
  side: number,
  [shiftX, shiftY]: readonly [number, number],
): Uint8Array {
  const first = (at: number, shift: number) => Math.max(0, at - ((at + shift) % side));
  return rgb.map((_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [first(pixel % width, shiftX), first(Math.floor(pixel / width), shiftY)];
    return rgb[3 * (y * width + x) + (i % 3)]!;
  });
}

const WAYS: readonly ((rgb: Uint8Array, size: Size, rng: Rng) => Uint8Array)[] = [
  (rgb, size, rng) => blurred(rgb, size, 1 + below(rng, 4)),
  (rgb, size, rng) => {
    const side = 3 + below(rng, 6);
    return mosaic(rgb, size, side, [below(rng, side), below(rng, side)]);
  },
];

/** Part of a length: a third of it or more. */
function stretch(length: number, rng: Rng): [from: number, to: number] {
  const part = length * (1 / 3 + (2 / 3) * uniform(rng));
  const from = (length - part) * uniform(rng);
  return [from, from + part];
}

/** A pair with a rectangle of its photo spoilt, in one way or the other, and called `id` there. */
export function spoilt({ size, image, labels }: Pair, id: number, rng: Rng): Pair {
  const bad = WAYS[below(rng, WAYS.length)]!(image, size, rng);
  const [[left, right], [top, bottom]] = [stretch(size.width, rng), stretch(size.height, rng)];
  const inside = (pixel: number) => {
    const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
    return x >= left && x < right && y >= top && y < bottom;
  };
  return {
    size,
    image: image.map((value, i) => (inside(Math.floor(i / 3)) ? bad[i]! : value)),
    labels: labels.map((label, i) => (inside(i) ? id : label)),
  };
}
