import { type Arr, type Operand, scalar } from './array.js';
import { broadcast, softened } from './pointwise.js';

const average = (x: Arr): Arr => scalar(x.data.reduce((total, v) => total + v, 0) / x.data.length);

export const l1Loss = (a: Operand, b: Operand) => average(broadcast((x, y) => Math.abs(x - y), a, b));
export const mseLoss = (a: Operand, b: Operand) => average(broadcast((x, y) => (x - y) ** 2, a, b));
/** −t·log σ(x) − (1−t)·log(1−σ(x)). */
export const bceWithLogits = (x: Operand, target: Operand) =>
  average(broadcast((v, t) => t * softened(-v) + (1 - t) * softened(v), x, target));
/** sign = 1 wants x ≥ 1, sign = −1 wants x ≤ −1. */
export const hingeLoss = (x: Operand, sign: number) => average(broadcast((v) => Math.max(0, 1 - sign * v), x));
