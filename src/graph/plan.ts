import { MemoryError } from '../errors.js';
import { type Chunk, chunksOf, sizeOf } from './chunks.js';
import { type Once, takeConstants } from './constants.js';
import { fuse } from './fuse.js';
import { bytesFor, halves, type Precision } from './half.js';
import { fuseHorizontally } from './horizontal.js';
import { joinLaunches } from './join.js';
import type { Keep } from './kept.js';
import { layOut } from './lay.js';
import { memoryOrder } from './order.js';
import { type Block, pack, peakOf } from './pack.js';
import { shareCopies } from './share.js';
import { bytesOf } from './storage.js';
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
  /** Room for what is made of variables alone; without it every run makes it. */
  keep?: Keep;
  /** Unused bytes behind every block, for tests that look for writes out of range. */
  guardBytes?: number;
}

const ALIGN = 256;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/** Nodes of a plan whose values come from outside. */
export const sourcesOf = (p: Plan, source: Op['source']): Node[] =>
  p.steps.map(({ node }) => node).filter((node) => node.op.source === source);

const isVariable = (tensor: Tensor): boolean => tensor.node.op.source === 'variable';

/** First and last step at which each root is touched; outputs live to the end. */
function lastUses(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  root: (tensor: Tensor) => Tensor,
): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  nodes.forEach((node, step) => {
    for (const tensor of [...node.inputs, ...node.outputs]) last.set(root(tensor), step);
  });
  for (const tensor of outputs) last.set(root(tensor), nodes.length);
  return last;
}

/**
 * Whether the launches have read all they need of `from` before they write `to`: so it is where a convolution first makes a copy of
 * its own, padded or in tiles.
 */
function readBeforeWritten(launches: readonly Launch[], from: Tensor, to: Tensor): boolean {
  const uses = (root: Tensor) => (launch: Launch) =>
    Object.values(launch.operands).some(({ tensor }) => rootOf(tensor) === root);
  return launches.findLastIndex(uses(from)) < launches.findIndex(uses(to));
}

/** Operand whose memory a node's first output may take over: of its size and precision, in the arena, dead afterwards. */
function donor(
  { node, launches }: Step,
  step: number,
  last: Map<Tensor, number>,
  fixed: (root: Tensor) => boolean,
  isHalf: (root: Tensor) => boolean,
): Tensor | undefined {
  const output = node.outputs[0]!;
  return node.inputs.find((input) => {
    const root = rootOf(input);
    const same = input.shape.join() === output.shape.join() && sizeOf(root.shape) === sizeOf(input.shape);
    if (isHalf(root) !== isHalf(output)) return false;
    const free = !fixed(root) && last.get(root) === step;
    return same && free && (node.op.inPlace || readBeforeWritten(launches, root, output));
  });
}

/** One tensor's memory: a block for each part that must lie in one buffer. */
export interface Place {
  parts: { chunk: Chunk; block: Block }[];
  /** A temporary of one node. */
  scratch: boolean;
}

const named = ({ shape }: Tensor): string => `[${shape.join(', ')}]`;

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
  const { nodes, root, offset, chunks } = layOut(fused, request, cut);
  const direct = directUpdates(nodes, request);
  const copies = updates.filter(([variable, value]) => direct.get(rootOf(value)) !== variable);
  const last = lastUses(nodes, [...outputs, ...copies.map(([, value]) => value)], root);

  const places = new Map<Tensor, Place>();
  const fixed = (memory: Tensor) => isVariable(memory) || direct.has(memory);
  const keep = new Set(outputs.map(rootOf));
  const stored = halves(precision, nodes, [...outputs, ...updates.map(([, value]) => value)]);
  /** Temporaries of one node, and whether they hold halves. */
  const temporaries = new Map<Tensor, boolean>();
  const isHalf = (root: Tensor) => temporaries.get(root) ?? stored(root);

  /** A tensor larger than a buffer lies in as many pieces as it has chunks, wherever there is room for each. */
  const allocate = (tensor: Tensor, first: number, end: number, scratch: boolean) => {
    // Guards stay readable only where nothing shares their place.
    const life = guardBytes > 0 ? { first: -1, last: nodes.length } : { first, last: end };
    const whole = { index: 0, start: 0, end: sizeOf(tensor.shape), base: 0 };
    const bytesIn = (elements: number) => bytesFor(elements, isHalf(tensor)) + guardBytes;
    const parts = bytesIn(whole.end) > maxBufferSize ? chunks(tensor) : [whole];
    const blocks = parts.map((chunk) => {
      const bytes = aligned(bytesIn(chunk.end - chunk.base));
      return { chunk, block: { bytes, ...life, offset: 0 } };
    });
    places.set(tensor, { parts: blocks, scratch });
  };

  const place = (made: Step, step: number) => {
    const { node } = made;
    for (const output of node.outputs) {
      const memory = root(output);
      if (isVariable(memory)) checkVariable(memory, maxBufferSize);
      if (memory !== output) checkAlias(output, memory);
      if (places.has(memory) || fixed(memory)) continue;
      const end = last.get(memory)!;
      const own = memory === output && !node.op.source && output.output === 0;
      const from = own ? donor(made, step, last, fixed, isHalf) : undefined;
      const given = from && !keep.has(rootOf(from)) ? places.get(rootOf(from)) : undefined;
      if (given) {
        for (const { block } of given.parts) block.last = end;
        places.set(memory, given);
      } else allocate(memory, node.op.source ? -1 : step, end, false);
    }
  };
  /** Another shape is cut at other places. */
  const checkAlias = (alias: Tensor, memory: Tensor) => {
    const ends = (tensor: Tensor) => chunks(tensor).map((chunk) => chunk.end);
    if ((places.get(memory)?.parts.length ?? 1) === 1 || ends(alias).join() === ends(memory).join()) return;
    throw new MemoryError(
      `a tensor of ${named(memory)} is larger than a buffer of this device, ${maxBufferSize} bytes, and cannot be seen as ${named(alias)}`,
    );
  };

  const steps = nodes.map((node, step): Step => {
    const own = (tensor: Tensor, half: boolean) => {
      temporaries.set(tensor, half);
      allocate(tensor, step, step, true);
      return tensor;
    };
    const scratch = (shape: readonly number[], dtype?: Tensor['dtype']) => own(temporary(shape, dtype), false);
    const copy = (shape: readonly number[]) => own(temporary(shape), precision === 'f16');
    const { precise = false, candidate = () => undefined } = request;
    const launches = node.op.lower?.(node, { chunks, scratch, copy, candidate, device, precise }) ?? [];
    place({ node, launches }, step);
    return { node, launches };
  });

  if (request.fuse !== false) {
    shareCopies(steps, places);
    joinLaunches(steps, (tensor) => places.get(root(tensor)), direct, request);
  }
  const once = takeConstants(steps, places, request);
  if (request.fuse !== false) fuseHorizontally(steps);
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

function checkVariable(variable: Tensor, maxBufferSize: number): void {
  if (bytesOf(variable) <= maxBufferSize) return;
  throw new MemoryError(
    `weights of ${named(variable)} take ${bytesOf(variable)} bytes, the device's largest buffer is ${maxBufferSize}`,
    { fix: 'Use fewer filters (--ngf, --ndf, --nef)' },
  );
}
