import type { Tensor } from '../tensor.js';
import { add } from './activations.js';
import { affine, perChannel } from './affine.js';
import { AFFINE, channelled, DEFAULT_EPS, epsilon, type InstanceNormOptions } from './norm.js';
import { knownOptions } from './options.js';
import { div, sqrt, square, sub } from './pointwise.js';
import { mean } from './reduce.js';

export interface BatchNormOptions extends InstanceNormOptions {
  /** [C]: used in place of the batch's own. */
  mean?: Tensor;
  /** [C]: used in place of the batch's own biased one. */
  variance?: Tensor;
}

/**
 * Normalises every channel of x [N, C, …] over batch and space (biased variance), or with the mean and variance given, then
 * applies weight and bias. `torch.nn.functional.batch_norm`, training without and evaluation with statistics.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const op = 'batchNorm';
  channelled(op, x);
  knownOptions(op, options, [...AFFINE, 'mean', 'variance']);
  const eps = epsilon(op, options.eps ?? DEFAULT_EPS);
  const axes = x.shape.map((_, d) => d).filter((d) => d !== 1);
  const centre = perChannel(op, 'mean', options.mean, x) ?? mean(x, axes, true);
  const centred = sub(x, centre);
  const variance = perChannel(op, 'variance', options.variance, x) ?? mean(square(centred), axes, true);
  return affine(op, div(centred, sqrt(add(variance, eps))), options);
}
