import {
  areaOf,
  type ConvShape,
  type ConvTile,
  type DirectParts,
  directKernel,
  type Packing,
  type Part,
  type PhasePair,
  packingOf,
  packKernel,
} from '../../kernels/conv.js';
import { phaseColumns, phasesKernel } from '../../kernels/conv-phases.js';
import {
  bare,
  type Columns,
  columnsArea,
  columnsKernel,
  columnsOf,
  type QuadTile,
  quadPacking,
  quadsKernel,
} from '../../kernels/conv-quads.js';
import type { Kernel } from '../../kernels/kernel.js';
import { type Phased, phaseWeights } from '../../kernels/polyphase.js';
import {
  transposedGrid,
  transposedInput,
  transposedMultiply,
  transposedOutput,
  transposedSums,
} from '../../kernels/polyphase-transposed.js';
import {
  bandsOf,
  channelsPacking,
  orderOf,
  type TileGrid,
  tilesOf,
  type WeightOrder,
  type WinogradChannels,
  type WinogradTile,
  winogradChannels,
  winogradInput,
  winogradMultiply,
  winogradOutput,
  winogradPacking,
  winogradWeights,
} from '../../kernels/winograd.js';
import { type Chunk, sizeOf } from '../chunks.js';
import { launchPlanes } from '../overlaps.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { launchPairs, meet, meetings, type Range, type Slice, slicesOf, view, whole } from './slices.js';

// Convolutions on packed weights, which every candidate but the plain one uses.

/** Blocks of output channels that a launch can add to: those of the channels of out and of the groups of x it is given. */
function blocksOf({ inputs, outputs }: ConvShape, { oc, groupBlocks }: Packing, out: Slice, x: Slice, w: Slice): Range {
  const blockOf = (channel: number) =>
    Math.floor(channel / outputs) * groupBlocks + Math.floor((channel % outputs) / oc);
  const ofOut: Range = [blockOf(out.inner[0]), blockOf(out.inner[1] - 1) + 1];
  const ofX: Range = [Math.floor(x.inner[0] / inputs) * groupBlocks, Math.ceil(x.inner[1] / inputs) * groupBlocks];
  return meet(w.outer, meet(ofOut, ofX));
}

/** Copies w into the order of a kernel: `packed` planes of a block's input channel. */
export function packWeights(
  plan: Lowering,
  w: Tensor,
  packed: Tensor,
  kernel: (parts: { w: Chunk; packed: Part }) => Kernel,
): Launch[] {
  return plan.chunks(packed).flatMap((target) =>
    plan.chunks(w).map(
      (source): Launch => ({
        kernel: kernel({ w: source, packed: target }),
        operands: { w: view(w, source), packed: view(packed, target) },
      }),
    ),
  );
}

interface Summed {
  x: Tensor;
  packed: Tensor;
  bias?: Tensor;
  out: Tensor;
  /** Where these hold some of the weights' blocks, or of the channels, alone. */
  ws?: Slice[];
  outs?: Slice[];
}

/** One launch for every combination of chunks of x, packed weights and out that meet, and every phase. */
export function lowerSums(
  plan: Lowering,
  { x, packed, bias, out, ws = slicesOf(plan, packed), outs = slicesOf(plan, out) }: Summed,
  shape: ConvShape,
  packing: Packing,
  kernels: (parts: DirectParts) => Kernel[],
): Launch[] {
  const xs = slicesOf(plan, x);
  const continues = [...xs, ...ws].some(({ planes }) => planes.start % shape.inputs !== 0);
  return meetings(outs, xs).flatMap(({ a: os, b: xs, image0, images }) =>
    ws.flatMap((ws): Launch[] => {
      const [block0, end] = blocksOf(shape, packing, os, xs, ws);
      if (block0 >= end) return [];
      const planes = { x: xs.planes, w: ws.planes, out: os.planes };
      const parts = {
        ...planes,
        image0,
        images,
        block0,
        blocks: end - block0,
        bias: bias !== undefined,
        continues,
        precise: plan.precise,
      };
      const operands = {
        x: view(x, xs.chunk),
        w: view(packed, ws.chunk),
        ...(bias ? { b: whole(plan, bias) } : {}),
        out: view(out, os.chunk),
      };
      return kernels(parts).map((kernel) => ({ kernel, operands }));
    }),
  );
}

/** The whole convolution by kernels that read taps in torch's order. */
export function lowerPacked(
  plan: Lowering,
  node: Node,
  x: Tensor,
  shape: ConvShape,
  packing: Packing,
  kernels: (parts: DirectParts) => Kernel[],
): Launch[] {
  const [, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const packed = plan.scratch([packing.blocks, shape.inputs, areaOf(shape.kernel) * packing.lanes]);
  const out = node.outputs[0]!;
  return [
    ...packWeights(plan, w, packed, (parts) => packKernel(shape, packing, parts)),
    ...lowerSums(plan, { x, packed, bias, out }, shape, packing, kernels),
  ];
}

export const lowerDirect = (
  plan: Lowering,
  node: Node,
  shape: ConvShape,
  phases: readonly PhasePair[],
  tile: ConvTile,
): Launch[] =>
  lowerPacked(plan, node, node.inputs[0]!, shape, packingOf(shape, tile), (parts) =>
    phases.map((phase) => directKernel(shape, tile, phase, parts)),
  );

/** On a copy of x with its borders drawn, which costs a few per cent of the sums. */
function lowerOnColumns(
  plan: Lowering,
  node: Node,
  shape: ConvShape,
  columns: Columns,
  tile: QuadTile,
  kernels: (parts: DirectParts) => Kernel[],
): Launch[] {
  const x = node.inputs[0]!;
  const copy = plan.copy([x.shape[0]!, x.shape[1]!, columnsArea(columns)]);
  const copies = launchPlanes(plan, { x, columns: copy }, (planes) => columnsKernel(planes, shape.input, columns));
  return [...copies, ...lowerPacked(plan, node, copy, shape, quadPacking(shape, tile), kernels)];
}

export function lowerQuads(
  plan: Lowering,
  node: Node,
  shape: ConvShape,
  phases: readonly PhasePair[],
  tile: QuadTile,
): Launch[] {
  const onX = bare(shape, phases, tile);
  const columns = onX ?? columnsOf(phases, shape.reflect, tile);
  const kernels = (parts: DirectParts) => phases.map((phase) => quadsKernel(shape, tile, columns, phase, parts));
  if (onX) return lowerPacked(plan, node, node.inputs[0]!, shape, quadPacking(shape, tile), kernels);
  return lowerOnColumns(plan, node, shape, columns, tile, kernels);
}

/** Every phase of a transposed convolution in one kernel. */
export function lowerPhases(plan: Lowering, node: Node, shape: ConvShape, tile: QuadTile): Launch[] {
  const columns = phaseColumns(shape, tile);
  return lowerOnColumns(plan, node, shape, columns, tile, (parts) => [phasesKernel(shape, tile, columns, parts)]);
}

/** What the two ways over transformed tiles differ in; a kernel's sums are over the channels of `summed`. */
interface Transformed {
  grid: TileGrid;
  packing: Packing;
  summed: ConvShape;
  weights(parts: { w: Chunk; packed: Part }, order: WeightOrder): Kernel;
  input(grid: TileGrid, x: Tensor, v: Tensor): Launch[];
  multiply(grid: TileGrid, parts: DirectParts, order: WeightOrder): Kernel;
  output(grid: TileGrid, sums: Tensor, out: Tensor, bias: boolean): Launch[];
}

/**
 * What transformed weights of a piece may take: those of 1024 channels would be 151 MB. Smaller ones save memory but no time, and cost
 * two dispatches each: 512 channels of 16×16 in pieces of 8 MiB take 3 % longer on lavapipe than whole.
 */
const PIECE_BYTES = 2 ** 26;

/** Some of all transformed weights, `[blocks, inputs, …]`: those of the blocks from `block0` on. */
interface WeightPiece {
  packed: Tensor;
  block0: number;
}

/** A chunk as a part of all transformed weights. */
function partOf({ packed: { shape }, block0 }: WeightPiece, { start, end, base }: Part): Part {
  const before = block0 * sizeOf(shape.slice(1));
  return { start: start + before, end: end + before, base: base + before };
}

/** Slices of a piece, counted in those of all blocks. */
const slicesIn = (plan: Lowering, piece: WeightPiece): Slice[] =>
  slicesOf(plan, piece.packed).map(({ chunk, planes, outer, inner }) => {
    const { block0, packed } = piece;
    const before = block0 * packed.shape[1]!;
    const { base } = partOf(piece, chunk);
    return {
      chunk,
      planes: { start: planes.start + before, end: planes.end + before, base },
      outer: [outer[0] + block0, outer[1] + block0],
      inner,
    };
  });

/** Transformed weights in pieces of output channels, all in the same memory; in one where they are read more than once. */
function piecesOf(plan: Lowering, { packing, summed, grid }: Transformed, again: boolean) {
  const { blocks, lanes } = packing;
  const plane = grid.positions * lanes;
  const most = again ? blocks : Math.max(1, Math.floor(PIECE_BYTES / (4 * summed.inputs * plane)));
  const pieces = Math.ceil(blocks / most);
  const step = Math.ceil(blocks / pieces);
  const packed = plan.scratch([step, summed.inputs, plane]);
  return {
    pieces: Array.from({ length: pieces }, (_, piece): WeightPiece => ({ packed, block0: piece * step })),
    order: orderOf(summed.inputs, packing, grid.positions, plan.chunks(packed).length === 1),
  };
}

/** Launches that end a convolution, with its bias where there is one. */
export const withBias = (plan: Lowering, launches: readonly Launch[], bias: Tensor | undefined): Launch[] =>
  launches.map(({ kernel, operands }) => ({
    kernel,
    operands: { ...operands, ...(bias ? { b: whole(plan, bias) } : {}) },
  }));

/**
 * Transforms weights; then for each band of rows x's tiles, sums channels position by position, and transforms the sums. In one
 * band each piece of weights is multiplied at once; several bands read all of them.
 */
function lowerTransformed(plan: Lowering, node: Node, way: Transformed): Launch[] {
  const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const { packing, summed } = way;
  const { positions } = way.grid;
  const out = node.outputs[0]!;
  const images = out.shape[0]!;
  const [inputs, channels] = [summed.groups * summed.inputs, summed.groups * summed.outputs];
  // As many as of one picture: with fewer rows of small planes more lanes are idle.
  const bands = bandsOf(way.grid, inputs + channels);
  const area = positions * bands[0]!.row;
  const { pieces, order } = piecesOf(plan, way, bands.length > 1);
  const v = plan.scratch([images, inputs, area]);
  const sums = plan.scratch([images, channels, area]);
  const weights = (piece: WeightPiece) =>
    packWeights(plan, w, piece.packed, ({ w, packed }) => way.weights({ w, packed: partOf(piece, packed) }, order));
  const products = (grid: TileGrid, piece: WeightPiece) => {
    const operands = { x: v, packed: piece.packed, ws: slicesIn(plan, piece), out: sums };
    return lowerSums(plan, operands, summed, packing, (parts) => [way.multiply(grid, parts, order)]);
  };
  const ofBand = (grid: TileGrid, products: Launch[]): Launch[] => [
    ...way.input(grid, x, v),
    ...products,
    ...withBias(plan, way.output(grid, sums, out, bias !== undefined), bias),
  ];
  const [first, ...more] = bands as [TileGrid, ...TileGrid[]];
  return [
    ...ofBand(
      first,
      pieces.flatMap((piece) => [...weights(piece), ...products(first, piece)]),
    ),
    ...more.flatMap((grid) => ofBand(grid, products(grid, pieces[0]!))),
  ];
}

/** By tiles of 4×4 pixels: a quarter of the products, at five times the rounding. */
const winogradWay = (
  plan: Lowering,
  shape: ConvShape,
  packing: Packing,
  multiply: Transformed['multiply'],
): Transformed => ({
  grid: tilesOf(shape),
  packing,
  summed: shape,
  weights: (parts, order) => winogradWeights(shape, packing, parts, order),
  input: (grid, x, v) => launchPlanes(plan, { x, v }, (planes) => winogradInput(planes, shape, grid)),
  multiply,
  output: (grid, sums, out, bias) =>
    launchPlanes(plan, { sums, out }, (planes) => winogradOutput(planes, shape, bias, grid)),
});

export function lowerWinograd(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradTile): Launch[] {
  const multiply: Transformed['multiply'] = (grid, parts, order) => winogradMultiply(shape, tile, parts, grid, order);
  return lowerTransformed(plan, node, winogradWay(plan, shape, winogradPacking(shape, tile), multiply));
}

export function lowerWinogradChannels(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradChannels): Launch[] {
  const multiply: Transformed['multiply'] = (grid, parts, order) => winogradChannels(shape, tile, parts, grid, order);
  return lowerTransformed(plan, node, winogradWay(plan, shape, channelsPacking(shape, tile), multiply));
}

/** As several convolutions whose sums add up. */
export function lowerPhased(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradTile, form: Phased): Launch[] {
  const summed = form.summed(shape);
  const packing = winogradPacking(shape, tile);
  return lowerTransformed(plan, node, {
    grid: form.grid(shape),
    packing,
    summed,
    weights: (parts, order) => form.weights(shape, packing, parts, order),
    input: (grid, x, v) => launchPairs(plan, { x, v }, (xs, vs) => form.input(shape, xs, vs, grid)),
    multiply: (grid, parts, order) => form.multiply(shape, tile, parts, grid, order),
    output: (grid, sums, out, bias) =>
      launchPlanes(plan, { sums, out }, (planes) => form.output(planes, shape, bias, grid)),
  });
}

/** As several convolutions of which each makes its part of the pixels. */
export function lowerPhasedOutput(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradTile): Launch[] {
  const packing = winogradPacking(shape, tile);
  const summed = transposedSums(shape, tile);
  return lowerTransformed(plan, node, {
    grid: transposedGrid(shape),
    packing: winogradPacking(summed, tile),
    summed,
    weights: (parts, order) => phaseWeights(shape, packing, parts, shape.inputs, order),
    input: (grid, x, v) => launchPairs(plan, { x, v }, (xs, vs) => transposedInput(shape, xs, vs, grid)),
    multiply: (grid, parts, order) => transposedMultiply(shape, tile, parts, grid, order),
    output: (grid, sums, out, bias) =>
      launchPairs(plan, { sums, out }, (from, to) =>
        transposedOutput(shape, tile, { sums: from, out: to, bias }, grid),
      ),
  });
}
