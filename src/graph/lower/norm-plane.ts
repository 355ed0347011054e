import { instanceNormGradPlane, instanceNormPlane, normPrior } from '../../kernels/norm-plane.js';
import { planeOf } from '../chunks.js';
import { launchPlanes } from '../overlaps.js';
import { type Launch, type Lowering, refuse, type Tensor } from '../tensor.js';

// Instance norms by the candidate `plane`: one dispatch, a workgroup a plane. Undefined where `lanes` shall do it.

/** Ops whose candidate is `plane` or `lanes`. */
export const NORMS = ['instanceNorm', 'instanceNormGrad'] as const;

/** Forced, or the prior's choice. */
function inPlanes(op: (typeof NORMS)[number], { shape }: Tensor, plan: Lowering): boolean {
  const name = plan.candidate(op) ?? normPrior(shape[1]!, plan.device);
  return name === 'plane' || (name === 'lanes' ? false : refuse(op, 'candidate', name, 'plane or lanes'));
}

export const lowerNormPlane = (
  plan: Lowering,
  operands: Record<'x' | 'y' | 'statistics', Tensor>,
  eps: number,
): Launch[] | undefined =>
  inPlanes('instanceNorm', operands.x, plan)
    ? launchPlanes(plan, operands, (range) => instanceNormPlane(range, planeOf(operands.x.shape), eps))
    : undefined;

export const lowerNormGradPlane = (
  plan: Lowering,
  operands: Record<'dy' | 'x' | 'statistics' | 'dx', Tensor>,
): Launch[] | undefined =>
  inPlanes('instanceNormGrad', operands.x, plan)
    ? launchPlanes(plan, operands, (range) => instanceNormGradPlane(range, planeOf(operands.x.shape)))
    : undefined;
