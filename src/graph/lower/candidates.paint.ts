import { type ConvShape, phasePairs } from '../../kernels/conv.js';
import { pageTile, tilePrior } from '../../kernels/gpu-prior.js';
import type { Launch, Lowering, Node } from '../tensor.js';
import { lowerDirect } from './conv-packed.js';
import { lowerTiles } from './conv-tiles.js';

/** As the prior of families.pages.ts has it: nothing is forced or tuned in a page that paints. */
export function lowerBy(_: unknown, plan: Lowering, node: Node, shape: ConvShape): Launch[] {
  const phases = phasePairs(shape);
  const tiles = tilePrior(plan.device, shape.outputs);
  if (tiles) return lowerTiles(plan, node, shape, phases, tiles);
  return lowerDirect(plan, node, shape, phases, pageTile(plan.device, shape.outputs));
}
