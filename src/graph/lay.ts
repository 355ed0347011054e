import { boxKernel } from '../kernels/shape.js';
import { type Chunk, FLOAT_ALIGN, sizeOf } from './chunks.js';
import { concatOp, splitCopyOp } from './ops/shape.js';
import type { PlanRequest } from './plan.js';
import { readersOf, targetsOf } from './schedule.js';
import { type Launch, type Lowering, type Node, type Op, offsetOf, rootOf, type Tensor } from './tensor.js';

/** Where a tensor lies that is a part of another: so many elements from its beginning. */
interface Lot {
  host: Tensor;
  at: number;
}

export interface Layout {
  nodes: Node[];
  /** The tensor whose memory a tensor is in. */
  root(tensor: Tensor): Tensor;
  /** Elements of that memory in front of it. */
  offset(tensor: Tensor): number;
  /** A part that begins between two places where a binding may is bound from the first of them on. */
  chunks(tensor: Tensor): Chunk[];
}

/** Kernels of these find operands and results that begin between two places where a binding may. */
const reachesAnywhere = ({ op, attrs }: Node): boolean =>
  op.elementwise === true || (attrs as { join?: unknown }).join !== undefined;

/** Elements in front of each part of a concatenation, where they lie behind each other. */
function placesIn({ inputs, outputs, attrs }: Node<ConcatAttrs>): number[] | undefined {
  if (sizeOf(outputs[0]!.shape.slice(0, attrs.axis)) > 1) return undefined;
  let at = 0;
  return inputs.map(({ shape }) => {
    at += sizeOf(shape);
    return at - sizeOf(shape);
  });
}

interface ConcatAttrs {
  axis: number;
  /** Operands that were made in their place. */
  laid?: readonly boolean[];
}

/** Copies of the operands that were not made in their place, with nothing else of the result bound. */
function lowerLaid(node: Node<ConcatAttrs>, plan: Lowering): Launch[] {
  const out = node.outputs[0]!;
  const places = placesIn(node)!;
  return node.inputs.flatMap((x, k): Launch[] => {
    if (node.attrs.laid![k]) return [];
    const [start, size] = [places[k]!, sizeOf(x.shape)];
    const chunk = { index: 0, start, end: start + size, base: start - (start % FLOAT_ALIGN) };
    return plan.chunks(x).map((part) => ({
      kernel: boxKernel(
        'concat',
        [size],
        { first: 0, strides: [1], ...part },
        { first: start, strides: [1], ...chunk },
      ),
      operands: { x: { tensor: x, chunk: part }, out: { tensor: out, chunk } },
    }));
  });
}

const laidOp: Op<ConcatAttrs> = { name: 'concat', lower: lowerLaid };

interface Window {
  memory: Tensor;
  start: number;
  end: number;
}

/** What each launch of a node binds of memory that tensors share. */
function windowsOf(
  { op, inputs, outputs, attrs }: Node,
  { root, offset }: Pick<Layout, 'root' | 'offset'>,
): Window[][] {
  const window = (tensor: Tensor, at = 0, size = sizeOf(tensor.shape)): Window => {
    const start = offset(tensor) + at;
    return { memory: root(tensor), start: start - (start % FLOAT_ALIGN), end: start + size };
  };
  if (!op.lower) return [];
  const { laid } = attrs as ConcatAttrs;
  if (!laid) return [[...new Set([...inputs, ...outputs])].map((tensor) => window(tensor))];
  const places = placesIn({ inputs, outputs, attrs } as Node<ConcatAttrs>)!;
  const copied = inputs.map((part, k) => [window(part), window(outputs[0]!, places[k], sizeOf(part.shape))]);
  return copied.filter((_, k) => !laid[k]);
}

/** Memory that a launch would bind twice, in ranges that overlap and differ: WebGPU refuses that where one is written. */
const clashIn = (windows: readonly Window[]): Tensor | undefined =>
  windows.find((a) =>
    windows.some(
      (b) => a.memory === b.memory && a.start < b.end && b.start < a.end && (a.start !== b.start || a.end !== b.end),
    ),
  )?.memory;

type Request = Pick<PlanRequest, 'outputs' | 'updates' | 'fuse' | 'precision'>;

/** Nodes that need not copy, and where their parts lie. */
function lotsOf(
  nodes: readonly Node[],
  request: Request,
  cut: (tensor: Tensor) => Chunk[],
  never: ReadonlySet<Tensor>,
): { laid: Node[]; lots: Map<Tensor, Lot> } {
  const kept = targetsOf(request);
  const lots = new Map<Tensor, Lot>();
  const readers = readersOf(nodes);
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((tensor) => [tensor, node])));
  /** Whether a tensor may have parts in it. */
  const open = (whole: Tensor) => {
    const memory = rootOf(whole);
    return cut(whole).length === 1 && memory.node.op.source !== 'variable' && !kept.has(memory) && !never.has(memory);
  };
  const reached = (part: Tensor, by: readonly Node[]): boolean => sizeOf(part.shape) > 1 && by.every(reachesAnywhere);

  const made = (node: Node<ConcatAttrs>): Node => {
    const [host] = node.outputs as [Tensor];
    const places = open(host) ? placesIn(node) : undefined;
    if (!places) return node;
    const laid = node.inputs.map((part, k) => {
      const maker = makers.get(part);
      const free = rootOf(part) === part && !lots.has(part) && !kept.has(part);
      if (!free || !maker || (maker.op.source && maker.op.source !== 'input')) return false;
      const others = readers.get(part)!.filter((reader) => reader !== node);
      const aligned = places[k]! % FLOAT_ALIGN === 0;
      if (!aligned && !reached(part, maker.op.source ? others : [maker, ...others])) return false;
      lots.set(part, { host, at: places[k]! });
      return true;
    });
    return { ...node, op: laidOp, attrs: { ...node.attrs, laid } };
  };
  const read = (node: Node): Node => {
    const [whole] = node.inputs as [Tensor];
    if (!open(whole) || node.outputs.some((part) => kept.has(part))) return node;
    const at = (k: number) => k * sizeOf(node.outputs[0]!.shape);
    // Whatever the height and width of maps: pictures of all sizes share kernels.
    if (!node.outputs.every((part, k) => k === 0 || reached(part, readers.get(part) ?? []))) return node;
    node.outputs.forEach((part, k) => lots.set(part, { host: whole, at: at(k) }));
    return { ...node, op: { name: 'split' } };
  };
  const laid = nodes.map((node) =>
    node.op === concatOp ? made(node as Node<ConcatAttrs>) : node.op === splitCopyOp ? read(node) : node,
  );
  return { laid, lots };
}

/**
 * Parts of a concatenation are made where they will lie, and those of a batch read where they lie, so that neither is a copy: where parts
 * are behind each other, and what is between two places where a binding may begin is reached by kernels that can.
 *
 * @param cut a tensor's chunks wherever it lies
 * @param never what shall not have parts in it
 */
export function layOut(
  nodes: Node[],
  request: Request,
  cut: (tensor: Tensor) => Chunk[],
  never: ReadonlySet<Tensor> = new Set(),
): Layout {
  // Halves are bound from other places on.
  if (request.fuse === false || request.precision === 'f16')
    return { nodes, root: rootOf, offset: offsetOf, chunks: cut };
  const { laid, lots } = lotsOf(nodes, request, cut, never);
  const root = (tensor: Tensor): Tensor => {
    const lot = lots.get(rootOf(tensor));
    return lot ? root(lot.host) : rootOf(tensor);
  };
  const offset = (tensor: Tensor): number => {
    const lot = lots.get(rootOf(tensor));
    return offsetOf(tensor) + (lot ? lot.at + offset(lot.host) : 0);
  };
  const chunks = (tensor: Tensor): Chunk[] => {
    const ahead = offset(tensor) % FLOAT_ALIGN;
    return ahead === 0 ? cut(tensor) : cut(tensor).map((chunk) => ({ ...chunk, base: chunk.base - ahead }));
  };
  const layout = { nodes: laid, root, offset, chunks };
  const clashes = laid.flatMap((node) => windowsOf(node, layout)).flatMap((each) => clashIn(each) ?? []);
  const hosts = new Set(
    [...lots.values()].map(({ host }) => rootOf(host)).filter((host) => clashes.includes(root(host))),
  );
  return hosts.size > 0 ? layOut(nodes, request, cut, new Set([...never, ...hosts])) : layout;
}
