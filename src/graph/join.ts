import { joinAdams } from './adams.js';
import { joinEnds } from './ends.js';
import type { Place, PlanRequest, Step } from './plan.js';
import type { Tensor } from './tensor.js';

/** Makes one launch of several that belong to different nodes. Changes steps and how long their operands are kept. */
export function joinLaunches(
  steps: readonly Step[],
  placeOf: (tensor: Tensor) => Place | undefined,
  direct: ReadonlyMap<Tensor, Tensor>,
  request: Pick<PlanRequest, 'outputs' | 'updates'>,
): void {
  joinAdams(steps, placeOf, direct);
  joinEnds(steps, placeOf, request);
}
