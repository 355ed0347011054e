import type { WeightShape } from '../../kernels/conv-weight.js';
import { orderOf, type WinogradTile, winogradPacking } from '../../kernels/winograd.js';
import type { Piece } from '../../kernels/winograd-weight.js';
import { POSITIONS } from '../../kernels/winograd2.js';
import {
  channelGrid,
  ofTiles,
  piecesOf,
  winograd2Kernels,
  winograd2Pixels,
  winograd2Tiles,
  winograd2WeightMultiply,
} from '../../kernels/winograd2-weight.js';
import { planeOf } from '../chunks.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { lowerSums } from './conv-packed.js';
import { transformPiece } from './conv-weight.js';
import { launchPairs, type Slice, slicesOf } from './slices.js';

/** Slices of the sums of a piece's channels, counted in those of all. */
const sumSlices = (plan: Lowering, sums: Tensor, { channel0, channels }: Piece): Slice[] =>
  slicesOf(plan, sums).flatMap(({ planes: { start, end, base }, ...slice }): Slice[] => {
    const planes = {
      start: start + channel0,
      end: Math.min(end, channels) + channel0,
      base: base + channel0 * planeOf(sums.shape),
    };
    return planes.start < planes.end ? [{ ...slice, planes, inner: [planes.start, planes.end] }] : [];
  });

/** A weight gradient whose sums over tiles of 2×2 pixels are those of a convolution over channels; in pieces of output channels. */
export function lowerWeightWinograd2(plan: Lowering, node: Node, shape: WeightShape, tile: WinogradTile): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const dw = node.outputs[0]!;
  const summed = ofTiles(shape);
  const packing = winogradPacking(summed, tile);
  const row = POSITIONS * channelGrid(shape).row;
  const pieces = piecesOf(shape, tile);
  const v = plan.scratch([1, shape.groups * summed.inputs, row]);
  const packed = plan.scratch([packing.blocks, summed.inputs, POSITIONS * packing.lanes]);
  const sums = plan.scratch([1, Math.max(...pieces.map(({ channels }) => channels)), row]);
  const order = orderOf(summed.inputs, packing, POSITIONS, plan.chunks(packed).length === 1);
  const ofPiece = (piece: Piece): Launch[] => [
    ...lowerSums(
      plan,
      { x: v, packed, block0: 0, out: sums, outs: sumSlices(plan, sums, piece) },
      summed,
      packing,
      (parts) => [winograd2WeightMultiply(shape, tile, parts, order)],
    ),
    ...transformPiece(plan, shape, { sums, dw, row }, piece, (planes) => winograd2Kernels(planes, shape)),
  ];
  return [
    ...launchPairs(plan, { x, v }, (from, to) => winograd2Pixels(shape, from, to)),
    ...launchPairs(plan, { dy, packed }, (from, to) => winograd2Tiles(shape, packing, { dy: from, packed: to }, order)),
    ...pieces.flatMap(ofPiece),
  ];
}
