import { operand, type Tensor } from '../tensor.js';
import { ADD, LEAKY_RELU, RELU, TANH } from './expressions.js';
import { binary, pointwise, unary } from './pointwise.js';

// The elementwise ops that nets are made of.

export const add = binary('add', ADD);
export const relu = unary('relu', RELU);
/** With a negative slope the result's sign no longer tells x's, so the gradient must read x. */
export const leakyRelu = (x: Tensor, slope: number): Tensor =>
  pointwise(slope >= 0 ? 'leakyRelu' : 'foldedRelu', LEAKY_RELU, { a: operand('leakyRelu', 'x', x), b: slope });
export const tanh = unary('tanh', TANH);
