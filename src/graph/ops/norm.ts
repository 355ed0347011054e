import {
  instanceNormApply,
  instanceNormGradApply,
  instanceNormGradMerge,
  instanceNormGradSums,
  instanceNormMerge,
  instanceNormStatistics,
  lanesOf,
} from '../../kernels/norm.js';
import { planeOf } from '../chunks.js';
import { lowerNormGradPlane, lowerNormPlane } from '../lower/norm-plane.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { type Affine, affine } from './affine.js';
import { knownOptions } from './options.js';

export interface InstanceNormOptions extends Affine {
  /** Added to the variance. */
  eps?: number;
}

export const AFFINE = ['eps', 'weight', 'bias'];
export const DEFAULT_EPS = 1e-5;

/** [N, C, …] with at least one spatial axis. */
export function channelled(op: string, value: unknown): Tensor {
  const x = operand(op, 'x', value);
  if (x.shape.length < 3) refuse(op, 'x', x.shape, 'a tensor [N, C, …] with at least one spatial axis');
  return x;
}

export function epsilon(op: string, eps: unknown): number {
  if (typeof eps !== 'number' || !(eps >= 0 && eps < Number.POSITIVE_INFINITY)) refuse(op, 'eps', eps, 'a number ≥ 0');
  return eps;
}

/** Partial sums of every plane: two numbers a lane. */
const partials = (x: Tensor, plan: Lowering): Tensor =>
  plan.scratch([x.shape[0]!, x.shape[1]!, lanesOf(planeOf(x.shape)), 2]);

function lowerNorm(node: Node<{ eps: number }>, plan: Lowering): Launch[] {
  const [x] = node.inputs as [Tensor];
  const [y, statistics] = node.outputs as [Tensor, Tensor];
  const atOnce = lowerNormPlane(plan, { x, y, statistics }, node.attrs.eps);
  if (atOnce) return atOnce;
  const area = planeOf(x.shape);
  const partial = partials(x, plan);
  return [
    ...launchPlanes(plan, { x, partial }, (range) => instanceNormStatistics(range, area)),
    ...launchPlanes(plan, { partial, statistics }, (range) => instanceNormMerge(range, area, node.attrs.eps)),
    ...launchPlanes(plan, { x, statistics, y }, (range) => instanceNormApply(range, area)),
  ];
}

/** y is written element by element, each after everything that reads it: y may take over x. */
const norm: Op<{ eps: number }> = { name: 'instanceNorm', lower: lowerNorm, inPlace: true, emit: 4 };

/**
 * Normalises every plane of x [N, C, …] to mean 0 and (biased) variance 1, then applies weight and bias per channel.
 * `torch.nn.functional.instance_norm`.
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const op = 'instanceNorm';
  channelled(op, x);
  knownOptions(op, options, AFFINE);
  const eps = epsilon(op, options.eps ?? DEFAULT_EPS);
  const statistics = { shape: [x.shape[0]!, x.shape[1]!, 2] };
  return affine(op, apply(norm, [x], { eps }, { shape: x.shape }, statistics)[0]!, options);
}

function lowerGrad(node: Node, plan: Lowering): Launch[] {
  const [dy, x, statistics] = node.inputs as [Tensor, Tensor, Tensor];
  const dx = node.outputs[0]!;
  const atOnce = lowerNormGradPlane(plan, { dy, x, statistics, dx });
  if (atOnce) return atOnce;
  const area = planeOf(x.shape);
  const partial = partials(x, plan);
  const means = plan.scratch(statistics.shape);
  return [
    ...launchPlanes(plan, { dy, x, statistics, partial }, (range) => instanceNormGradSums(range, area)),
    ...launchPlanes(plan, { partial, means }, (range) => instanceNormGradMerge(range, area)),
    ...launchPlanes(plan, { dy, x, statistics, means, dx }, (range) => instanceNormGradApply(range, area)),
  ];
}

const normGrad: Op = {
  name: 'instanceNormGrad',
  lower: lowerGrad,
  inPlace: true,
  load: 0,
  // x̂, the norm's own result, of which a part of a batch has no tensor.
  known: ({ inputs: [, , statistics] }) => (statistics!.node.op.alias ? undefined : statistics!.node.outputs[0]!),
};

/** dx of the norm without weight and bias; `statistics` [N, C, 2] are its second output. */
export const instanceNormGrad = (dy: Tensor, x: Tensor, statistics: Tensor): Tensor =>
  apply(normGrad, [dy, x, statistics], {}, { shape: x.shape })[0]!;
