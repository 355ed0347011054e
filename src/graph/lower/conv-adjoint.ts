import type { ConvShape } from '../../kernels/conv.js';
import {
  channelsPacking,
  orderOf,
  POSITIONS,
  tilesOf,
  type WinogradChannels,
  winogradWeights,
} from '../../kernels/winograd.js';
import { adjointInput, adjointMultiply, adjointOutput, forwardOf } from '../../kernels/winograd-adjoint.js';
import { launchPlanes } from '../overlaps.js';
import { type Launch, type Lowering, type Node, type Tensor, temporary } from '../tensor.js';
import { lowerWinogradChannels, packWeights, withBias } from './conv-packed.js';
import { whole } from './slices.js';

/**
 * A data gradient by the transformed weights of its convolution, which shareCopies (graph/share.ts) finds where that is by
 * `winograd-channels` of as many channels. Where a temporary would be cut it is a convolution of its own.
 */
export function lowerWinogradAdjoint(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradChannels): Launch[] {
  const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const forward = forwardOf(shape);
  const grid = tilesOf(forward);
  const packing = channelsPacking(forward, tile);
  const { images, groups, inputs, outputs } = shape;
  const area = POSITIONS * grid.row;
  const shapes = {
    packed: [packing.blocks, forward.inputs, POSITIONS * packing.lanes],
    v: [images, groups * inputs, area],
    sums: [images, groups * outputs, area],
  };
  const isCut = (each: number[]) => plan.chunks(temporary(each)).length > 1;
  if (Object.values(shapes).some(isCut)) return lowerWinogradChannels(plan, node, shape, tile);
  const [packed, v, sums] = [plan.scratch(shapes.packed), plan.scratch(shapes.v), plan.scratch(shapes.sums)];
  const order = orderOf(forward.inputs, packing, POSITIONS, true);
  const ends = launchPlanes(plan, { sums, out: node.outputs[0]! }, (planes) =>
    adjointOutput(planes, shape, bias !== undefined, grid),
  );
  return [
    ...launchPlanes(plan, { dy: x, v }, (planes) => adjointInput(planes, forward, grid)),
    ...packWeights(plan, w, packed, (parts) => winogradWeights(forward, packing, parts, order)),
    {
      kernel: adjointMultiply(shape, tile, packing, grid, order),
      operands: { x: whole(plan, v), w: whole(plan, packed), out: whole(plan, sums) },
    },
    ...withBias(plan, ends, bias),
  ];
}
