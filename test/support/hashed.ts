// Numbers that look like noise and are the same in every language: golden values of nets are made from them elsewhere.

import type { Parameter } from '../../src/nets/parameters.js';

/** Whole numbers below 2³², by place and stream. */
function hash(place: number, stream: number): number {
  let x = (Math.imul(place, 0x9e3779b1) + Math.imul(stream, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  return (x ^ (x >>> 15)) >>> 0;
}

/** Numbers in [from, to), rounded to float32. A loop: nets have millions. */
export function hashedNumbers(count: number, stream: number, from = 0, to = 1): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = from + (hash(i, stream) / 2 ** 32) * (to - from);
  return out;
}

/** An 8-bit RGB picture of noise, interleaved. */
export const hashedPicture = (pixels: number, stream: number): Uint8Array =>
  Uint8Array.from({ length: 3 * pixels }, (_, i) => hash(i, stream) & 255);

/** A convolution's weights with the variance that ReLUs keep, or its bias, by its place in the net. */
export function hashedWeights({ shape, role }: Parameter, stream: number): Float32Array {
  const count = shape.reduce((a, b) => a * b);
  const bound = role === 'weight' ? Math.sqrt(6 / (count / shape[0]!)) : 0.1;
  return hashedNumbers(count, stream, -bound, bound);
}
