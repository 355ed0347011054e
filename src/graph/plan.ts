import { type Chunk, chunksOf } from './chunks.js';
import { type Once, takeConstants } from './constants.js';
import { fuse } from './fuse.js';
import type { Precision } from './half.js';
import { fuseHorizontally } from './horizontal.js';
import { joinLaunches } from './join.js';
import type { Keep } from './kept.js';
import { layOut } from './lay.js';
import { memoryOrder } from './order.js';
import { type Block, pack, peakOf } from './pack.js';
import { createPlaces, isVariable } from './places.js';
import { shareCopies } from './share.js';
import { type Launch, type Lowering, type Node, type Op, rootOf, type Tensor, temporary } from './tensor.js';
import { directUpdates } from './updates.js';

/**
 * The static plan: order of nodes, kernels, and where every intermediate lives. Lifetimes are known before anything runs, so
 * all intermediates (fed inputs and scratch included) share a few large buffers whose size is the peak.
 */
export interface Plan {
  steps: Step[];
  /** What the first run makes, and one after its sources have changed. */
  once: Once[];
  /** Where a tensor's memory is: the arena, or a variable's own storage. */
  home(tensor: Tensor): Home;
  /** The tensor whose memory a tensor is in, and the elements in front of it there. */
  root(tensor: Tensor): Tensor;
  offset(tensor: Tensor): number;
  /** Updates that could not be written in place: copied from → to after the outputs were read. */
  copies: [variable: Tensor, value: Tensor][];
  /** Bytes of each arena buffer. */
  arena: number[];
  /** Largest sum of bytes that are alive at one step: no packing can need less. */
  lowerBoundBytes: number;
  peakStep: number;
  /** Where tensors lie that have memory of their own, or a dying one's: in the order in which they were given it. */
  places: ReadonlyMap<Tensor, Place>;
}

export interface Step {
  node: Node;
  launches: Launch[];
}

export type Home = ({ variable: Tensor } | { pieces: Piece[] }) & {
  /** It holds half floats. */
  half: boolean;
};

/** Elements start … end − 1 of a tensor in an arena buffer, at an offset in bytes. Most tensors are one piece. */
export interface Piece {
  start: number;
  end: number;
  /** The element that lies at `offset`: `start` rounded down as a binding's offset must be. */
  base: number;
  buffer: number;
  offset: number;
  /** With what is left unused behind it. */
  bytes: number;
}

/** One tensor's memory: a block for each part that must lie in one buffer. */
export interface Place {
  parts: { chunk: Chunk; block: Block }[];
  /** A temporary of one node. */
  scratch: boolean;
}

export interface PlanLimits {
  maxStorageBufferBindingSize: number;
  maxBufferSize: number;
}

export interface PlanRequest {
  outputs: Tensor[];
  updates: [variable: Tensor, value: Tensor][];
  limits: PlanLimits;
  device: Lowering['device'];
  precise?: boolean;
  precision?: Precision;
  candidate?: Lowering['candidate'];
  /** Whether elementwise nodes may disappear into their neighbours and equal copies be made once; unless false. */
  fuse?: boolean;
  /** Room for what is made of variables alone, which every run makes without it, and for copies that several nodes want. */
  keep?: Keep;
  /** Unused bytes behind every block, for tests that look for writes out of range. */
  guardBytes?: number;
}

/** Nodes of a plan whose values come from outside. */
export const sourcesOf = (p: Plan, source: Op['source']): Node[] =>
  p.steps.map(({ node }) => node).filter((node) => node.op.source === source);

/** Plans the memory and the kernels of a program. @throws MemoryError where a tensor cannot be bound or allocated. */
export function plan(request: PlanRequest): Plan {
  const { outputs, updates, limits, device, precision = 'f32', guardBytes = 0 } = request;
  const { maxBufferSize } = limits;
  const cuts = new Map<string, Chunk[]>();
  const bound = Math.min(limits.maxStorageBufferBindingSize, maxBufferSize - guardBytes);
  const cut = (tensor: Tensor): Chunk[] => {
    const key = tensor.shape.join();
    if (!cuts.has(key)) cuts.set(key, chunksOf(tensor.shape, bound));
    return cuts.get(key)!;
  };
  const built = memoryOrder(outputs, updates);
  const fused = request.fuse === false ? built : fuse(built, request, (tensor) => cut(tensor).length === 1);
  const layout = layOut(fused, request, cut);
  const { nodes, root, offset, chunks } = layout;
  const direct = directUpdates(nodes, request);
  const copies = updates.filter(([variable, value]) => direct.get(rootOf(value)) !== variable);
  const read = [...outputs, ...copies.map(([, value]) => value)];
  const { places, isHalf, lend, place } = createPlaces(request, layout, direct, read);

  const steps = nodes.map((node, step): Step => {
    const scratch = (shape: readonly number[], dtype?: Tensor['dtype']) => lend(temporary(shape, dtype), step, false);
    const copy = (shape: readonly number[]) => lend(temporary(shape), step, precision === 'f16');
    const { precise = false, candidate = () => undefined } = request;
    const launches = node.op.lower?.(node, { chunks, scratch, copy, candidate, device, precise }) ?? [];
    place({ node, launches }, step);
    return { node, launches };
  });

  const once = takeConstants(steps, places, request);
  if (request.fuse !== false) {
    shareCopies(steps, places, request.keep);
    joinLaunches(steps, (tensor) => places.get(root(tensor)), direct, request);
    fuseHorizontally(steps);
  }
  const lasting = new Set(once.map(({ kept }) => kept.tensor));
  const blocks = [...new Set([...places.values()].flatMap(({ parts }) => parts.map(({ block }) => block)))];
  const peak = peakOf(blocks, nodes.length);
  const total = pack(blocks, maxBufferSize, peak.bytes);
  const arena = Array.from({ length: Math.ceil(total / maxBufferSize) }, (_, i) =>
    Math.min(maxBufferSize, total - i * maxBufferSize),
  );
  const home = (tensor: Tensor): Home => {
    const memory = root(tensor);
    const variable = isVariable(memory) || lasting.has(memory) ? memory : direct.get(memory);
    if (variable) return { variable, half: isHalf(variable) };
    const pieces = places.get(memory)!.parts.map(({ chunk: { start, end, base }, block: { offset, bytes } }) => {
      const buffer = Math.floor(offset / maxBufferSize);
      return { start, end, base, buffer, offset: offset - buffer * maxBufferSize, bytes };
    });
    return { pieces, half: isHalf(memory) };
  };
  return { steps, once, home, root, offset, copies, arena, lowerBoundBytes: peak.bytes, peakStep: peak.step, places };
}
