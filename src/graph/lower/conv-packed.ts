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
import {
  columnsArea,
  columnsKernel,
  columnsOf,
  type PhasePair,
  type QuadTile,
  quadPacking,
  quadsKernel,
} from '../../kernels/conv-quads.js';
import type { Kernel } from '../../kernels/kernel.js';
import { launchPlanes } from '../overlaps.js';
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

/** Copies w into the order of a kernel with that packing. */
function packWeights(
  plan: Lowering,
  w: Tensor,
  shape: ConvShape,
  packing: Packing,
): { packed: Tensor; launches: Launch[] } {
  const packed = plan.scratch([packing.blocks, shape.inputs, areaOf(shape.kernel) * packing.lanes]);
  const launches = plan.chunks(packed).flatMap((target) =>
    plan.chunks(w).map(
      (source): Launch => ({
        kernel: packKernel(shape, packing, { w: source, packed: target }),
        operands: { w: view(w, source), packed: view(packed, target) },
      }),
    ),
  );
  return { packed, launches };
}

/** One launch for every combination of chunks of x, w and out that meet, and every phase. */
function lowerPacked(
  plan: Lowering,
  node: Node,
  x: Tensor,
  shape: ConvShape,
  packing: Packing,
  kernels: (parts: DirectParts) => Kernel[],
): Launch[] {
  const [, w, b] = node.inputs as [Tensor, Tensor, Tensor?];
  const out = node.outputs[0]!;
  const { packed, launches } = packWeights(plan, w, shape, packing);
  const xs = slicesOf(plan, x);
  const ws = slicesOf(plan, packed);
  const continues = [...xs, ...ws].some(({ planes }) => planes.start % shape.inputs !== 0);
  const sums = meetings(slicesOf(plan, out), xs).flatMap(({ a: os, b: xs, image0, images }) =>
    ws.flatMap((ws): Launch[] => {
      const [block0, end] = blocksOf(shape, packing, os, xs, ws);
      if (block0 >= end) return [];
      const planes = { x: xs.planes, w: ws.planes, out: os.planes };
      const parts = { ...planes, image0, images, block0, blocks: end - block0, bias: b !== undefined, continues };
      const operands = {
        x: view(x, xs.chunk),
        w: view(packed, ws.chunk),
        ...(b ? { b: whole(plan, b) } : {}),
        out: view(out, os.chunk),
      };
      return kernels(parts).map((kernel) => ({ kernel, operands }));
    }),
  );
  return [...launches, ...sums];
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
export function lowerQuads(
  plan: Lowering,
  node: Node,
  shape: ConvShape,
  phases: readonly PhasePair[],
  tile: QuadTile,
): Launch[] {
  const x = node.inputs[0]!;
  const columns = columnsOf(phases, shape.reflect, tile);
  const copy = plan.scratch([x.shape[0]!, x.shape[1]!, columnsArea(columns)]);
  const copies = launchPlanes(plan, { x, columns: copy }, (planes) => columnsKernel(planes, shape.input, columns));
  const sums = lowerPacked(plan, node, copy, shape, quadPacking(shape, tile), (parts) =>
    phases.map((phase) => quadsKernel(shape, tile, columns, phase, parts)),
  );
  return [...copies, ...sums];
}
