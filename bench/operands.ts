// Values that every engine gets, and whether what they make of them is the same.

import { createRng, uniform } from '../src/data/rng.js';
import { type Case, outputShape, type Shape, sizeOf } from './cases.js';

export interface Values {
  shape: Shape;
  data: Float32Array;
}

/** In torch's layout. `v` is a block's second weight, `dy` what a gradient starts from. */
export interface Operands {
  x: Values;
  w: Values;
  v: Values;
  dy: Values;
}

export function drawn(seed: number, shape: Shape, most: number): Values {
  const rng = createRng(seed);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => most * (2 * uniform(rng) - 1)) };
}

const NONE: Shape = [0];

/** Weights are scaled so that results are about as large as x. */
export function operandsOf(layer: Case): Operands {
  const { x, w = NONE, kind, role } = layer;
  const most = Math.sqrt(3 / Math.max(1, sizeOf(w.slice(1))));
  return {
    x: drawn(1, x, 1),
    w: drawn(2, w, most),
    v: drawn(3, kind === 'block' ? w : NONE, most),
    dy: drawn(4, role === 'forward' ? NONE : outputShape(layer), 1),
  };
}

/** Largest difference over the root mean square of `wanted`; infinite for what cannot be compared. */
export function difference(got: Float32Array, wanted: Float32Array): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let [most, squares] = [0, 0];
  for (let i = 0; i < got.length; i++) {
    const d = Math.abs(got[i]! - wanted[i]!);
    most = d <= most ? most : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
    squares += wanted[i]! ** 2;
  }
  return most / Math.sqrt(squares / wanted.length);
}

/** Axes in another order: `permuted(nchw, [0, 2, 3, 1])` is NHWC. */
export function permuted({ shape, data }: Values, order: readonly number[]): Values {
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  const to = order.map((d) => shape[d]!);
  const steps = order.map((d) => strides[d]!);
  const out = new Float32Array(data.length);
  let at = 0;
  const walk = (d: number, from: number): void => {
    if (d === to.length) out[at++] = data[from]!;
    else for (let i = 0; i < to[d]!; i++) walk(d + 1, from + i * steps[d]!);
  };
  walk(0, 0);
  return { shape: to, data: out };
}
