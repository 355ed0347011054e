import { planeOf } from './chunks.js';
import type * as full from './lay.js';
import { conditionOp } from './ops/condition.js';
import type { Tensor } from './tensor.js';

/** Planes that a generator is fed lie in its input; nothing else shares memory. */
export const layOut: typeof full.layOut = (nodes, _, chunks) => {
  const lots = new Map<Tensor, readonly [host: Tensor, at: number]>();
  for (const { op, attrs, outputs } of nodes)
    if (op === conditionOp)
      for (const [tensor, first] of (attrs as { laid: [Tensor, number][] }).laid)
        lots.set(tensor, [outputs[0]!, first * planeOf(tensor.shape)]);
  return {
    nodes,
    root: (tensor) => lots.get(tensor)?.[0] ?? tensor,
    offset: (tensor) => lots.get(tensor)?.[1] ?? 0,
    chunks,
  };
};
