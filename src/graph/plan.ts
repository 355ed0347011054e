import { type Chunk, chunksOf, sizeOf } from './chunks.js';
import { memoryOrder, readersOf } from './schedule.js';
import { type Launch, type Lowering, type Node, type Op, rootOf, type Tensor, temporary } from './tensor.js';

/**
 * The static plan: order of nodes, kernels, and where every intermediate lives. Lifetimes are known before anything runs, so
 * all intermediates (fed inputs and scratch included) share a few large buffers whose size is the peak.
 */
export interface Plan {
  steps: Step[];
  /** Where a tensor's memory is: the arena, or a variable's own storage. */
  home(tensor: Tensor): Home;
  /** Updates that could not be written in place: copied from → to after the outputs were read. */
  copies: [variable: Tensor, value: Tensor][];
  /** Bytes of each arena buffer. */
  arena: number[];
  /** Largest sum of bytes that are alive at one step: no packing can need less. */
  lowerBoundBytes: number;
}

export interface Step {
  node: Node;
  launches: Launch[];
}

export type Home = { variable: Tensor } | { buffer: number; offset: number; bytes: number };

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
  candidate?: Lowering['candidate'];
  /** Unused bytes behind every block, for tests that look for writes out of range. */
  guardBytes?: number;
}

const ALIGN = 256;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;
export const bytesOf = (tensor: Tensor): number => 4 * sizeOf(tensor.shape);

/** Nodes of a plan whose values come from outside. */
export const sourcesOf = (p: Plan, source: Op['source']): Node[] =>
  p.steps.map(({ node }) => node).filter((node) => node.op.source === source);

interface Block {
  bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** Lays blocks out, largest first, each at the lowest gap among those alive at the same time; none crosses a buffer's end. */
export function pack(blocks: Block[], maxBufferSize: number): number {
  const placed: Block[] = [];
  let end = 0;
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const neighbours = placed.filter((other) => other.first <= block.last && block.first <= other.last);
    block.offset = lowestGap(neighbours, block.bytes, maxBufferSize);
    // Kept sorted by offset, so that the scan for a gap is one pass.
    placed.splice(lowerBound(placed, block.offset), 0, block);
    end = Math.max(end, block.offset + block.bytes);
  }
  return end;
}

function lowestGap(neighbours: readonly Block[], bytes: number, maxBufferSize: number): number {
  const fit = (offset: number) => {
    const boundary = (Math.floor(offset / maxBufferSize) + 1) * maxBufferSize;
    return offset + bytes > boundary ? boundary : offset;
  };
  let offset = fit(0);
  for (const other of neighbours) {
    if (offset + bytes <= other.offset) break;
    offset = fit(Math.max(offset, other.offset + other.bytes));
  }
  return offset;
}

function lowerBound(sorted: readonly Block[], offset: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Largest sum of live bytes at any step. */
function peakOf(blocks: readonly Block[], steps: number): number {
  const change = new Array<number>(steps + 3).fill(0);
  for (const { first, last, bytes } of blocks) {
    change[first + 1] = change[first + 1]! + bytes;
    change[last + 2] = change[last + 2]! - bytes;
  }
  let live = 0;
  return change.reduce((peak, delta) => Math.max(peak, (live += delta)), 0);
}

const isVariable = (tensor: Tensor): boolean => tensor.node.op.source === 'variable';

/** First and last step at which each root is touched; outputs live to the end. */
function lastUses(nodes: readonly Node[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  nodes.forEach((node, step) => {
    for (const tensor of [...node.inputs, ...node.outputs]) last.set(rootOf(tensor), step);
  });
  for (const tensor of outputs) last.set(rootOf(tensor), nodes.length);
  return last;
}

/**
 * Which updates may be written straight into their variable: nothing reads the old value after the node that makes the new
 * one, and that node itself reads it element by element or not at all.
 */
function directUpdates(nodes: readonly Node[], { outputs, updates }: PlanRequest): Map<Tensor, Tensor> {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const readers = readersOf(nodes, rootOf);
  const shown = new Set(outputs.map(rootOf));
  const direct = new Map<Tensor, Tensor>();
  for (const [variable, value] of updates) {
    const root = rootOf(value);
    const maker = root.node;
    const legal = (readers.get(variable) ?? []).every(
      (node) => place.get(node)! < place.get(maker)! || (node === maker && maker.op.inPlace),
    );
    if (legal && !maker.op.source && !shown.has(variable) && !direct.has(root)) direct.set(root, variable);
  }
  return direct;
}

/** Operand whose memory an elementwise node's output may take over: same size, in the arena, dead afterwards. */
function donor(
  node: Node,
  step: number,
  last: Map<Tensor, number>,
  fixed: (root: Tensor) => boolean,
  taken: Set<Tensor>,
): Tensor | undefined {
  return node.inputs.find((input) => {
    const root = rootOf(input);
    const same = input.shape.join() === node.outputs[0]!.shape.join();
    return (
      same && !fixed(root) && !taken.has(root) && last.get(root) === step && sizeOf(root.shape) === sizeOf(input.shape)
    );
  });
}

/** Plans the memory and the kernels of a program. @throws RangeError where a tensor cannot be bound or allocated. */
export function plan(request: PlanRequest): Plan {
  const { outputs, updates, limits, device, guardBytes = 0 } = request;
  const nodes = memoryOrder(outputs, updates);
  const direct = directUpdates(nodes, request);
  const copies = updates.filter(([variable, value]) => direct.get(rootOf(value)) !== variable);
  const last = lastUses(nodes, [...outputs, ...copies.map(([, value]) => value)]);

  const blocks = new Map<Tensor, Block>();
  const fixed = (root: Tensor) => isVariable(root) || direct.has(root);
  const keep = new Set(outputs.map(rootOf));

  const allocate = (tensor: Tensor, first: number, end: number) => {
    const bytes = aligned(bytesOf(tensor) + guardBytes);
    if (bytes > limits.maxBufferSize) {
      throw new RangeError(
        `a tensor of [${tensor.shape.join(', ')}] takes ${bytes} bytes, the device's largest buffer is ${limits.maxBufferSize}`,
      );
    }
    // Guards stay readable only where nothing shares their place.
    const life = guardBytes > 0 ? { first: -1, last: nodes.length } : { first, last: end };
    blocks.set(tensor, { bytes, ...life, offset: 0 });
  };

  const cuts = new Map<string, Chunk[]>();
  const chunks = (tensor: Tensor) => {
    const key = tensor.shape.join();
    if (!cuts.has(key)) cuts.set(key, chunksOf(tensor.shape, limits.maxStorageBufferBindingSize));
    return cuts.get(key)!;
  };

  const place = (node: Node, step: number) => {
    const taken = new Set<Tensor>();
    for (const output of node.outputs) {
      const root = rootOf(output);
      if (root !== output || fixed(root)) continue;
      const end = last.get(root)!;
      const from =
        node.op.inPlace && !node.op.source && output.output === 0 ? donor(node, step, last, fixed, taken) : undefined;
      const block = from && blocks.get(rootOf(from));
      if (block && !keep.has(rootOf(from!))) {
        taken.add(rootOf(from!));
        block.last = end;
        blocks.set(root, block);
      } else allocate(root, node.op.source ? -1 : step, end);
    }
  };

  const steps = nodes.map((node, step): Step => {
    place(node, step);
    const scratch = (shape: readonly number[], dtype?: Tensor['dtype']) => {
      const tensor = temporary(shape, dtype);
      allocate(tensor, step, step);
      return tensor;
    };
    const { precise = false, candidate = () => undefined } = request;
    return { node, launches: node.op.lower?.(node, { chunks, scratch, candidate, device, precise }) ?? [] };
  });

  const unique = [...new Set(blocks.values())];
  const { maxBufferSize } = limits;
  const total = pack(unique, maxBufferSize);
  const arena = Array.from({ length: Math.ceil(total / maxBufferSize) }, (_, i) =>
    Math.min(maxBufferSize, total - i * maxBufferSize),
  );
  const home = (tensor: Tensor): Home => {
    const root = rootOf(tensor);
    if (isVariable(root)) return { variable: root };
    const target = direct.get(root);
    if (target) return { variable: target };
    const { offset, bytes } = blocks.get(root)!;
    return { buffer: Math.floor(offset / maxBufferSize), offset: offset % maxBufferSize, bytes };
  };
  return { steps, home, copies, arena, lowerBoundBytes: peakOf(unique, nodes.length) };
}
