import { operand, refuse, type Tensor } from '../tensor.js';
import { softplusOf, type Value } from './pointwise.js';
import { meanOf, reduceOp } from './reduce.js';

const l1 = reduceOp('l1Loss');
const mse = reduceOp('mseLoss');
const bce = reduceOp('bceWithLogits');
const hinge = reduceOp('hingeLoss');

/** mean |a − b| over all elements; the gradient is 0 where a = b, as torch's. @returns scalar */
export const l1Loss = (a: Tensor, b: Value): Tensor => meanOf(l1, 'abs(a - b)', { a: operand('l1Loss', 'a', a), b });

/** mean (a − b)² over all elements: with b = 1 or 0 the LSGAN losses. @returns scalar */
export const mseLoss = (a: Tensor, b: Value): Tensor =>
  meanOf(mse, '(a - b) * (a - b)', { a: operand('mseLoss', 'a', a), b });

/** mean of −t·log σ(x) − (1−t)·log(1−σ(x)), without overflow. @returns scalar */
export const bceWithLogits = (x: Tensor, target: Value): Tensor =>
  meanOf(bce, `${softplusOf('a')} - a * b`, { a: operand('bceWithLogits', 'x', x), b: target });

/** mean max(0, 1 − sign·x): sign 1 for real, −1 for generated. @returns scalar */
export function hingeLoss(x: Tensor, sign: number): Tensor {
  if (sign !== 1 && sign !== -1) refuse('hingeLoss', 'sign', sign, '1 or -1');
  return meanOf(hinge, 'max(0.0, 1.0 - b * a)', { a: operand('hingeLoss', 'x', x), b: sign });
}
