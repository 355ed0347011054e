import type { WeightShape } from '../../kernels/conv-weight.js';
import {
  type Band,
  bandsOf,
  channelGrid,
  ofTiles,
  POSITIONS,
  piecesOf,
  type TileForm,
  tileKernels,
  tilePixels,
  tileSums,
  tileWeights,
} from '../../kernels/tile-sums.js';
import { orderOf, type WinogradTile, winogradPacking } from '../../kernels/winograd.js';
import type { Piece } from '../../kernels/winograd-weight.js';
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

/** What a gradient's launches know of its memory. */
function memoryOf(plan: Lowering, form: TileForm, shape: WeightShape, tile: WinogradTile) {
  const bands = bandsOf(form, shape, tile);
  const pieces = piecesOf(form, shape, tile, bands);
  const { row: channels } = channelGrid(form, shape);
  const { groups } = shape;
  const { tiles } = bands[0]!;
  const row = POSITIONS * channels;
  const packing = winogradPacking(ofTiles(shape, bands[0]!), tile);
  const v = plan.scratch([1, groups * tiles, row]);
  const packed = plan.scratch([packing.blocks, tiles, POSITIONS * packing.lanes]);
  const sums = plan.scratch([1, Math.max(...pieces.map((piece) => piece.channels)), row]);
  const isWhole = (tensor: Tensor) => plan.chunks(tensor).length === 1;
  const orders = {
    v: orderOf(groups * tiles, { lanes: channels }, POSITIONS, isWhole(v)),
    packed: orderOf(tiles, packing, POSITIONS, isWhole(packed)),
  };
  return { bands, pieces, packing, v, packed, sums, row, orders };
}

/**
 * A weight gradient whose sums over tiles are those of a convolution over channels: of all tiles, in pieces of output channels, or of
 * bands of tiles, one after the other in the same memory, each adding to the sums of the last.
 */
export function lowerTileSums(
  plan: Lowering,
  node: Node,
  shape: WeightShape,
  tile: WinogradTile,
  form: TileForm,
): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const dw = node.outputs[0]!;
  const { bands, pieces, packing, v, packed, sums, row, orders } = memoryOf(plan, form, shape, tile);
  const transforms = (band: Band): Launch[] => [
    ...launchPairs(plan, { x, v }, (from, to) => tilePixels(form, shape, band, { x: from, v: to }, orders.v)),
    ...launchPairs(plan, { dy, packed }, (from, to) =>
      tileWeights(form, shape, band, packing, { dy: from, packed: to }, orders.packed),
    ),
  ];
  const products = (band: Band, piece: Piece): Launch[] => {
    const held = { x: v, packed, block0: 0, out: sums, outs: sumSlices(plan, sums, piece) };
    return lowerSums(plan, held, ofTiles(shape, band), packing, (parts) => {
      const continues = parts.continues || bands.length > 1;
      return [tileSums(form, shape, tile, band, { ...parts, continues }, orders)];
    });
  };
  const kernels = (piece: Piece): Launch[] =>
    transformPiece(plan, shape, { sums, dw, row }, piece, (planes) => tileKernels(form, planes, shape));
  const [last, ...earlier] = [...bands].reverse() as [Band, ...Band[]];
  return [
    ...earlier.reverse().flatMap((band) => [...transforms(band), ...products(band, pieces[0]!)]),
    ...transforms(last),
    ...pieces.flatMap((piece) => [...products(last, piece), ...kernels(piece)]),
  ];
}
