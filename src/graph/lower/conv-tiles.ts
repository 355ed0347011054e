import type { ConvShape, PhasePair } from '../../kernels/conv.js';
import { TILES, tilePacking, tilesKernel, tilesSplitting, weightTilesKernel } from '../../kernels/conv-tiles.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { lowerPacked } from './conv-packed.js';
import { lowerSplit } from './conv-weight.js';

// Products of matrices in workgroup tiles, chosen by name.

const isSoftware = ({ device }: Lowering): boolean => device.kind === 'cpu';

export const lowerTiles = (
  plan: Lowering,
  node: Node,
  shape: ConvShape,
  phases: readonly PhasePair[],
  name: string,
): Launch[] =>
  lowerPacked(plan, node, node.inputs[0]!, shape, tilePacking(shape, TILES[name]!), (parts) =>
    phases.map((phase) => tilesKernel(name, shape, phase, parts, isSoftware(plan))),
  );

export function lowerWeightTiles(plan: Lowering, node: Node, shape: WeightShape, name: string): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const splitting = tilesSplitting(shape, TILES[name]!);
  return lowerSplit(plan, node.outputs[0]!, [x, dy], splitting, (parts) =>
    weightTilesKernel(name, shape, splitting, parts, isSoftware(plan)),
  );
}
