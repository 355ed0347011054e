import {
  areaOf,
  type ConvShape,
  type ConvTile,
  type DirectParts,
  directKernel,
  type Packing,
  packingOf,
  packKernel,
} from '../../kernels/conv.js';
import { phaseColumns, phasesKernel } from '../../kernels/conv-phases.js';
import {
  type Columns,
  columnsArea,
  columnsKernel,
  columnsOf,
  type PhasePair,
  type QuadTile,
  quadPacking,
  quadsKernel,
} from '../../kernels/conv-quads.js';
import type { Kernel } from '../../kernels/kernel.js';
import type { PlaneRange } from '../../kernels/planes.js';
import {
  ofPhases,
  polyphaseGrid,
  polyphaseInput,
  polyphaseMultiply,
  polyphaseOutput,
  polyphaseWeights,
} from '../../kernels/polyphase.js';
import {
  bandsOf,
  channelsPacking,
  type TileGrid,
  tilesOf,
  type WinogradChannels,
  type WinogradTile,
  winogradChannels,
  winogradInput,
  winogradMultiply,
  winogradOutput,
  winogradPacking,
  winogradWeights,
} from '../../kernels/winograd.js';
import type { Chunk } from '../chunks.js';
import { launchPlanes, overPlanes } from '../overlaps.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { meet, meetings, type Range, type Slice, slicesOf, view, whole } from './slices.js';

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
function packWeights(
  plan: Lowering,
  w: Tensor,
  packed: Tensor,
  kernel: (parts: { w: Chunk; packed: Chunk }) => Kernel,
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

/** One launch for every combination of chunks of x, packed weights and out that meet, and every phase. */
function lowerSums(
  plan: Lowering,
  { x, packed, bias, out }: { x: Tensor; packed: Tensor; bias?: Tensor; out: Tensor },
  shape: ConvShape,
  packing: Packing,
  kernels: (parts: DirectParts) => Kernel[],
): Launch[] {
  const xs = slicesOf(plan, x);
  const ws = slicesOf(plan, packed);
  const continues = [...xs, ...ws].some(({ planes }) => planes.start % shape.inputs !== 0);
  return meetings(slicesOf(plan, out), xs).flatMap(({ a: os, b: xs, image0, images }) =>
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
  const columns = columnsOf(phases, shape.reflect, tile);
  return lowerOnColumns(plan, node, shape, columns, tile, (parts) =>
    phases.map((phase) => quadsKernel(shape, tile, columns, phase, parts)),
  );
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
  weights(parts: { w: Chunk; packed: Chunk }): Kernel;
  input(grid: TileGrid, x: Tensor, v: Tensor): Launch[];
  multiply(grid: TileGrid, parts: DirectParts): Kernel;
  output(grid: TileGrid, planes: PlaneRange, bias: boolean): Kernel;
}

/** Transforms weights; then for each band of rows x's tiles, sums channels position by position, and transforms the sums. */
function lowerTransformed(plan: Lowering, node: Node, way: Transformed): Launch[] {
  const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const { packing, summed } = way;
  const { positions } = way.grid;
  const out = node.outputs[0]!;
  const [images, channels] = out.shape as [number, number];
  const inputs = summed.groups * summed.inputs;
  // As many as of one picture: with fewer rows of small planes more lanes are idle.
  const bands = bandsOf(way.grid, inputs + channels);
  const area = positions * bands[0]!.row;
  const packed = plan.scratch([packing.blocks, summed.inputs, positions * packing.lanes]);
  const v = plan.scratch([images, inputs, area]);
  const sums = plan.scratch([images, channels, area]);
  const ofBand = (grid: TileGrid): Launch[] => [
    ...way.input(grid, x, v),
    ...lowerSums(plan, { x: v, packed, out: sums }, summed, packing, (parts) => [way.multiply(grid, parts)]),
    ...overPlanes(plan, { sums, out }).map(({ views, ...planes }): Launch => {
      const kernel = way.output(grid, planes, bias !== undefined);
      return { kernel, operands: { ...views, ...(bias ? { b: whole(plan, bias) } : {}) } };
    }),
  ];
  return [...packWeights(plan, w, packed, way.weights), ...bands.flatMap(ofBand)];
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
  weights: (parts) => winogradWeights(shape, packing, parts),
  input: (grid, x, v) => launchPlanes(plan, { x, v }, (planes) => winogradInput(planes, shape, grid)),
  multiply,
  output: (grid, planes, bias) => winogradOutput(planes, shape, bias, grid),
});

export function lowerWinograd(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradTile): Launch[] {
  const multiply: Transformed['multiply'] = (grid, parts) => winogradMultiply(shape, tile, parts, grid);
  return lowerTransformed(plan, node, winogradWay(plan, shape, winogradPacking(shape, tile), multiply));
}

export function lowerWinogradChannels(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradChannels): Launch[] {
  const multiply: Transformed['multiply'] = (grid, parts) => winogradChannels(shape, tile, parts, grid);
  return lowerTransformed(plan, node, winogradWay(plan, shape, channelsPacking(shape, tile), multiply));
}

/** By four phases of 2×2 taps, on tiles of 3×3 pixels. */
export function lowerPolyphase(plan: Lowering, node: Node, shape: ConvShape, tile: WinogradTile): Launch[] {
  const summed = ofPhases(shape);
  const packing = winogradPacking(shape, tile);
  return lowerTransformed(plan, node, {
    grid: polyphaseGrid(shape),
    packing,
    summed,
    weights: (parts) => polyphaseWeights(shape, packing, parts),
    input: (grid, x, v) =>
      slicesOf(plan, v).flatMap((vs) =>
        slicesOf(plan, x).map((xs) => ({
          kernel: polyphaseInput(shape, xs.planes, vs.planes, grid),
          operands: { x: view(x, xs.chunk), v: view(v, vs.chunk) },
        })),
      ),
    multiply: (grid, parts) => polyphaseMultiply(summed, tile, parts, grid),
    output: (grid, planes, bias) => polyphaseOutput(planes, shape, bias, grid),
  });
}
