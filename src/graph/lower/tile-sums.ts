import { areaOf } from '../../kernels/conv.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import type { Kernel } from '../../kernels/kernel.js';
import type { PlaneRange } from '../../kernels/planes.js';
import {
  type Band,
  bandsOf,
  channelGrid,
  ofTiles,
  type Piece,
  piecesOf,
  type TileForm,
  tileKernels,
  tilePixels,
  tileSums,
  tileWeights,
} from '../../kernels/tile-sums.js';
import { orderOf, type WinogradTile, winogradPacking } from '../../kernels/winograd.js';
import { planeOf } from '../chunks.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { lowerSums } from './conv-packed.js';
import { launchPairs, type Slice, slicesOf, view } from './slices.js';

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
  const row = form.positions * channels;
  const packing = winogradPacking(ofTiles(shape, bands[0]!), tile);
  const v = plan.scratch([1, groups * tiles, row]);
  const packed = plan.scratch([packing.blocks, tiles, form.positions * packing.lanes]);
  const sums = plan.scratch([1, Math.max(...pieces.map((piece) => piece.channels)), row]);
  const isWhole = (tensor: Tensor) => plan.chunks(tensor).length === 1;
  const orders = {
    v: orderOf(groups * tiles, { lanes: channels }, form.positions, isWhole(v)),
    packed: orderOf(tiles, packing, form.positions, isWhole(packed)),
  };
  return { bands, pieces, packing, v, packed, sums, row, orders };
}

/** The sums of a piece's channels, `row` elements each, as weights: a launch for every two chunks that meet in a kernel [o, i]. */
function transformPiece(
  plan: Lowering,
  { inputs, kernel: size }: WeightShape,
  { sums, dw, row }: { sums: Tensor; dw: Tensor; row: number },
  { channel0, channels }: Piece,
  kernel: (planes: PlaneRange) => Kernel,
): Launch[] {
  const taps = areaOf(size);
  return plan.chunks(dw).flatMap((target) =>
    plan.chunks(sums).flatMap((source): Launch[] => {
      const kernelOf = (element: number) => (channel0 + element / row) * inputs;
      const p0 = Math.max(target.start / taps, kernelOf(source.start));
      const p1 = Math.min(target.end / taps, kernelOf(Math.min(source.end, channels * row)));
      if (p0 >= p1) return [];
      const bases = { sumsBase: source.base + channel0 * row, dwBase: target.base };
      return [{ kernel: kernel({ p0, p1, bases }), operands: { sums: view(sums, source), dw: view(dw, target) } }];
    }),
  );
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
    const held = { x: v, packed, out: sums, outs: sumSlices(plan, sums, piece) };
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
