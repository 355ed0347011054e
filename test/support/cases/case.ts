import { type Arr, arr, indices, offsetOf } from '../../twin/array.js';
import type { Gradients } from '../../twin/gradients.js';
import { narrowed } from '../../twin/pointwise.js';
import { gradientsFor, type Ops } from '../ops.js';
import type { Random } from '../random.js';

export type Operand = { value: Arr; dtype: 'f32' | 'i32'; differentiable: boolean };

/** One op applied to random operands, with what its results may differ from the twin's by. */
export type Case = {
  op: string;
  /** Printed when it fails: enough to write the case down by hand. */
  spec: unknown;
  operands: Operand[];
  call<T, R>(ops: Ops<T, R>, operands: T[]): R;
  bound(y: Arr): Arr;
  /** One per differentiable operand; absent where the op has no gradient. */
  gradientBounds?(dy: Arr, gradients: Arr[]): Arr[];
  /** Values sit on kinks or ties on purpose: central differences mean nothing there. */
  kinks?: boolean;
};

export type CaseMaker = (r: Random) => Case;

export const floats = (value: Arr, differentiable = true): Operand => ({ value, dtype: 'f32', differentiable });
export const whole = (value: Arr): Operand => ({ value, dtype: 'i32', differentiable: false });

export const valuesOf = (c: Case): Arr[] => c.operands.map((operand) => operand.value);

/** The twin's gradients, one per differentiable operand. */
export const twinGradients = (c: Case, dy: Arr): Arr[] =>
  c.call<Arr, Gradients>(gradientsFor(dy), valuesOf(c)).filter((g) => g !== null);

/** Sums a broadcast array back to `shape`. */
export function sumTo(x: Arr, shape: number[]): Arr {
  const total = arr(shape);
  let i = 0;
  for (const index of indices(x.shape)) total.data[offsetOf(shape, narrowed(index, shape))] += x.data[i++];
  return total;
}
