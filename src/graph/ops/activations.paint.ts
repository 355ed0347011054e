import type { Tensor } from '../tensor.js';
import { ADD, LEAKY_RELU, RELU, TANH } from './expressions.js';
import { following } from './following.js';

/** A block's sum follows its last norm, and an enhancer's the coarser net: both stand second. */
export const add = (a: Tensor, b: Tensor): Tensor => following(b, ADD, a);
export const relu = (x: Tensor): Tensor => following(x, RELU);
export const leakyRelu = (x: Tensor, slope: number): Tensor => following(x, LEAKY_RELU.replace(/\bb\b/, `${slope}`));
export const tanh = (x: Tensor): Tensor => following(x, TANH);
