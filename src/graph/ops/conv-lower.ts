import {
  areaOf,
  type ConvShape,
  type ConvTile,
  convPrior,
  directKernel,
  type Packing,
  type Part,
  type Phase,
  packingOf,
  packKernel,
  phasesOf,
  plainKernel,
} from '../../kernels/conv.js';
import {
  splittingOf,
  type WeightShape,
  type WeightTile,
  weightDirectKernel,
  weightPlainKernel,
  weightPrior,
  weightSumKernel,
} from '../../kernels/conv-weight.js';
import { type Chunk, planeOf, sizeOf } from '../chunks.js';
import { type Launch, type Lowering, type Node, refuse, type Tensor, type View } from '../tensor.js';

/**
 * Convolutions over chunked tensors: one launch for each combination of chunks that meet in a sample and a channel. Each
 * launch adds the channels (or samples) it can see to what is stored; loops run so that these come in ascending order.
 */

const TILED = /^direct-(\d+)x(\d+)$/;

/** The tile in a candidate's name, `direct-8x4`; null for `plain`. */
function tileOf(op: string, name: string): readonly [number, number] | null {
  const [, first, second] = TILED.exec(name) ?? [];
  if (Number(first) > 0 && Number(second) > 0) return [Number(first), Number(second)];
  return name === 'plain' ? null : refuse(op, 'candidate', name, 'direct, direct-8x4 (any tile) or plain');
}

/** The candidate that is forced or tuned; `direct` alone and nothing leave the tile to the prior. */
function chosen(op: string, plan: Lowering, prior: () => string): string {
  const name = plan.candidate(op) ?? 'direct';
  return name === 'direct' ? prior() : name;
}

export function lowerConv(node: Node, shape: ConvShape, plan: Lowering): Launch[] {
  const phases = phasesOf(shape, 0).flatMap((y) => phasesOf(shape, 1).map((x) => [y, x] as const));
  const tile = tileOf(
    'conv',
    chosen('conv', plan, () => convPrior(shape)),
  );
  return tile ? lowerDirect(node, shape, phases, { px: tile[0], oc: tile[1] }, plan) : lowerPlain(node, shape, plan);
}

export function lowerConvWeight(node: Node, shape: WeightShape, plan: Lowering): Launch[] {
  const tile = tileOf(
    'convWeight',
    chosen('convWeight', plan, () => weightPrior(shape, plan.device)),
  );
  return tile
    ? lowerWeightDirect(node, shape, { ob: tile[0], ib: tile[1] }, plan)
    : lowerWeightPlain(node, shape, plan);
}

// ---- chunks as ranges

type Range = readonly [number, number];

/** A chunk in planes, and the ranges of the first two axes that it touches: several whole `outer`, or some `inner` of one. */
interface Slice {
  chunk: Chunk;
  planes: Part;
  outer: Range;
  inner: Range;
}

function slicesOf(plan: Lowering, tensor: Tensor): Slice[] {
  const plane = planeOf(tensor.shape);
  const size = tensor.shape[1]!;
  return plan.chunks(tensor).map((chunk): Slice => {
    const [start, end] = [chunk.start / plane, chunk.end / plane];
    const outer: Range = [Math.floor(start / size), Math.ceil(end / size)];
    const inner: Range = outer[1] - outer[0] > 1 ? [0, size] : [start - outer[0] * size, end - outer[0] * size];
    return { chunk, planes: { start, end, base: chunk.base }, outer, inner };
  });
}

const meet = (a: Range, b: Range): Range => [Math.max(a[0], b[0]), Math.min(a[1], b[1])];

/** Pairs of slices with a sample in common, in order. */
const meetings = (as: readonly Slice[], bs: readonly Slice[]) =>
  as.flatMap((a) =>
    bs.flatMap((b) => {
      const [image0, end] = meet(a.outer, b.outer);
      return image0 < end ? [{ a, b, image0, images: end - image0 }] : [];
    }),
  );

const view = (tensor: Tensor, chunk: Chunk): View => ({ tensor, chunk });
const biasOperand = (plan: Lowering, b: Tensor | undefined): Record<string, View> =>
  b ? { b: view(b, plan.chunks(b)[0]!) } : {};

// ---- conv2d and convTranspose2d

/** Blocks of output channels that a launch can add to: those of the channels of out and of the groups of x it is given. */
function blocksOf({ inputs, outputs }: ConvShape, { oc, groupBlocks }: Packing, out: Slice, x: Slice, w: Slice): Range {
  const blockOf = (channel: number) =>
    Math.floor(channel / outputs) * groupBlocks + Math.floor((channel % outputs) / oc);
  const ofOut: Range = [blockOf(out.inner[0]), blockOf(out.inner[1] - 1) + 1];
  const ofX: Range = [Math.floor(x.inner[0] / inputs) * groupBlocks, Math.ceil(x.inner[1] / inputs) * groupBlocks];
  return meet(w.outer, meet(ofOut, ofX));
}

type Phases = readonly (readonly [Phase, Phase])[];

function lowerDirect(node: Node, shape: ConvShape, phases: Phases, tile: ConvTile, plan: Lowering): Launch[] {
  const [x, w, b] = node.inputs as [Tensor, Tensor, Tensor?];
  const out = node.outputs[0]!;
  const packing = packingOf(shape, tile);
  const packed = plan.scratch([packing.blocks, shape.inputs, areaOf(shape.kernel) * packing.lanes]);
  const packs = plan.chunks(packed).flatMap((target) =>
    plan.chunks(w).map(
      (source): Launch => ({
        kernel: packKernel(shape, packing, { w: source, packed: target }),
        operands: { w: view(w, source), packed: view(packed, target) },
      }),
    ),
  );
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
        ...biasOperand(plan, b),
        out: view(out, os.chunk),
      };
      return phases.map((phase) => ({ kernel: directKernel(shape, tile, phase, parts), operands }));
    }),
  );
  return [...packs, ...sums];
}

function lowerPlain(node: Node, shape: ConvShape, plan: Lowering): Launch[] {
  const [x, w, b] = node.inputs as [Tensor, Tensor, Tensor?];
  const out = node.outputs[0]!;
  const ws = slicesOf(plan, w);
  return meetings(slicesOf(plan, out), slicesOf(plan, x)).flatMap(({ a: os, b: xs, image0, images }) =>
    ws.map(
      (ws): Launch => ({
        kernel: plainKernel(shape, {
          x: xs.planes,
          w: ws.planes,
          out: os.planes,
          image0,
          images,
          bias: b !== undefined,
        }),
        operands: { x: view(x, xs.chunk), w: view(w, ws.chunk), ...biasOperand(plan, b), out: view(out, os.chunk) },
      }),
    ),
  );
}

// ---- weight gradient

function lowerWeightDirect(node: Node, shape: WeightShape, tile: WeightTile, plan: Lowering): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const dw = node.outputs[0]!;
  const size = sizeOf(dw.shape);
  const splitting = splittingOf(shape);
  const { splits } = splitting;
  // One split writes dw itself, which the kernel sees as [1, …]; else partial sums, cut by splits or by output channels.
  const out = splits === 1 ? dw : plan.scratch([splits, dw.shape[0]!, size / dw.shape[0]!]);
  const pairs = meetings(slicesOf(plan, x), slicesOf(plan, dy));
  const continues = pairs.length > 1 && splitting.splitImages > 1;
  const sums = plan.chunks(out).flatMap((target) => {
    const [split0, end] = [Math.floor(target.start / size), Math.ceil(target.end / size)];
    return pairs.map(({ a: xs, b: dys, image0, images }): Launch => {
      const ranges = { x: xs.planes, dy: dys.planes, out: target };
      const parts = { ...ranges, image0, images, split0, splits: end - split0, continues };
      return {
        kernel: weightDirectKernel(shape, tile, splitting, parts),
        operands: { x: view(x, xs.chunk), dy: view(dy, dys.chunk), out: view(out, target) },
      };
    });
  });
  return splits === 1 ? sums : [...sums, ...addSplits(plan, out, dw, splits)];
}

function addSplits(plan: Lowering, partial: Tensor, dw: Tensor, splits: number): Launch[] {
  const size = sizeOf(dw.shape);
  return plan.chunks(dw).flatMap((target) =>
    plan.chunks(partial).flatMap((source): Launch[] => {
      const first = source.start % size;
      if (first >= target.end || first + source.end - source.start <= target.start) return [];
      const kernel = weightSumKernel(size, splits, { partial: source, dw: target });
      return [{ kernel, operands: { partial: view(partial, source), dw: view(dw, target) } }];
    }),
  );
}

function lowerWeightPlain(node: Node, shape: WeightShape, plan: Lowering): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const dw = node.outputs[0]!;
  const pairs = meetings(slicesOf(plan, x), slicesOf(plan, dy));
  return plan.chunks(dw).flatMap((target) =>
    pairs.map(
      ({ a: xs, b: dys, image0, images }): Launch => ({
        kernel: weightPlainKernel(shape, { x: xs.planes, dy: dys.planes, out: target, image0, images }),
        operands: { x: view(x, xs.chunk), dy: view(dy, dys.chunk), out: view(dw, target) },
      }),
    ),
  );
}
