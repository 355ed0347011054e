import { MemoryError } from '../errors.js';
import type { Adapter } from '../kernels/conv.js';
import type { Kernel } from '../kernels/kernel.js';
import type { Term } from '../kernels/reduce.js';
import { type Chunk, sizeOf } from './chunks.js';

export type DType = 'f32' | 'i32';

/** A value of the graph. Nothing is computed until a program that contains it runs. */
export interface Tensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly node: Node;
  /** Which output of its node. */
  readonly output: number;
}

/** One application of an op. */
export interface Node<A = unknown> {
  readonly id: number;
  readonly op: Op<A>;
  readonly inputs: readonly Tensor[];
  readonly attrs: A;
  readonly outputs: readonly Tensor[];
}

/** A part of a tensor bound to one storage binding. */
export interface View {
  tensor: Tensor;
  /** Of a variable it may reach over what lies behind it in its buffer: `variablesBeside`. */
  chunk: Chunk;
}

/** A kernel with the memory it runs on; names are those of the shader's bindings. */
export interface Launch {
  kernel: Kernel;
  operands: Record<string, View>;
  /** Where all that it does is to add up so many elements of an expression, times `factor`, to the one number that its node makes. */
  adds?: { views: readonly View[]; term: Term };
}

/** What lowering may ask of the plan. */
export interface Lowering {
  chunks(tensor: Tensor): Chunk[];
  /** A temporary that lives during this node alone. */
  scratch(shape: readonly number[], dtype?: DType): Tensor;
  /** One that holds elements of an operand in another order, and so loses nothing by being stored as that is. */
  copy(shape: readonly number[]): Tensor;
  /** Candidate forced for the op or chosen for this `spec`, by the part of its name behind the dot; undefined: the op's own first. */
  candidate(op: string, spec?: string): string | undefined;
  /** What a prior may look at. */
  readonly device: Adapter;
  /** No candidate that rounds more than sums in torch's order do. */
  readonly precise: boolean;
}

/** How much tuning measures. */
export type Effort = 'quick' | 'full';

/** An application of an op that several candidates can do. */
export interface Tunable {
  /** Name that `force` knows the op by. */
  op: string;
  /** What of it decides whether a candidate is right: not how many channels and pixels there are. */
  kind: string;
  /** What a choice depends on: applications of one spec share it. */
  spec: string;
  /** Multiply-adds, to measure the largest first. */
  work: number;
  /** The candidate of the device's kind, before anything is measured. */
  prior: string;
  /** Candidates worth a measurement, the prior first. */
  names(effort: Effort): string[];
  /** Whether there is a candidate of that name. */
  known(name: string): boolean;
  /** Whether there is one that can do this application, in the numeric class asked for. */
  allowed(name: string): boolean;
  /** Whether a candidate rounds more than sums in torch's order do. */
  rounds(name: string): boolean;
  /** Shapes of operands and results of a small application of the same kind. */
  small(): { inputs: number[][]; outputs: number[][] };
}

/** An operator: how it becomes kernels. Shapes are decided where it is applied; gradients live in gradients.ts. */
export interface Op<A = any> {
  readonly name: string;
  /** Launches in order. Every element of every output is written. */
  lower?(node: Node<A>, plan: Lowering): Launch[];
  /** Where there are several ways to do it. */
  tunable?(node: Node<A>, device: Lowering['device'], precise: boolean): Tunable | undefined;
  /** Operands whose memory an output of the same size may take over: element i of the output needs only element i of it. */
  readonly inPlace?: boolean;
  /** An expression over the operands' elements (Mapping), which may be folded into another op. */
  readonly elementwise?: boolean;
  /** Operand that the kernels read through the hook `load`, element by element, so that an expression may stand in for it. */
  readonly load?: number;
  /** A tensor whose element those kernels have at hand where they load, so that an expression need not read it. */
  known?(node: Node<A>): Tensor | undefined;
  /** The kernels write the first output through the hook `emit`: an expression of it and at most so many tensors may follow. */
  readonly emit?: number;
  /** Results stay f32 where others are stored as halves: something is compared with them. */
  readonly exact?: boolean;
  /** The outputs are the first operand's memory under another shape, or the parts of it one behind the other. */
  readonly alias?: boolean;
  /** It tells of its operands, and the rest of a program does without: nothing is kept for its sake. */
  readonly aside?: boolean;
  /** Fed, stored or derived on the host from what was fed: no launches. */
  readonly source?: 'input' | 'variable' | 'derived';
}

/** The tensor whose memory this one is, or is in: reshapes share their operand's. */
export function rootOf(tensor: Tensor): Tensor {
  return tensor.node.op.alias ? rootOf(tensor.node.inputs[0]!) : tensor;
}

/** Elements of its root's memory in front of a tensor: the parts of a `split` lie behind each other. */
export function offsetOf({ node, output }: Tensor): number {
  if (!node.op.alias) return 0;
  const before = node.outputs.slice(0, output).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return offsetOf(node.inputs[0]!) + before;
}

let count = 0;

/** Kernels count elements in 32 bits, with a sign. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** Adds a node to the graph and returns its outputs. */
export function apply<A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attrs: A,
  ...outputs: { shape: readonly number[]; dtype?: DType }[]
): Tensor[] {
  const huge = outputs.find(({ shape }) => shape.reduce((product, size) => product * size, 1) > MOST_ELEMENTS);
  if (huge) {
    throw new MemoryError(
      `${op.name}: output size: got [${huge.shape.join(', ')}], wanted at most ${MOST_ELEMENTS} elements`,
      { fix: 'Use smaller pictures or crops' },
    );
  }
  const node: Node<A> = { id: ++count, op, inputs, attrs, outputs: [] };
  const made = outputs.map(
    ({ shape, dtype = 'f32' }, output): Tensor => ({ id: ++count, shape, dtype, node: node as Node, output }),
  );
  (node as { outputs: readonly Tensor[] }).outputs = made;
  return made;
}

/** A tensor outside the graph: a temporary of one node. */
export const temporary = (shape: readonly number[], dtype: DType = 'f32'): Tensor =>
  apply({ name: 'scratch' }, [], {}, { shape, dtype })[0]!;

/** Raised while the graph is built: names op, operand, what was got and what is wanted. */
export class GraphError extends Error {
  override name = 'GraphError';
}

export function refuse(op: string, what: string, got: unknown, wanted: string): never {
  const shown = Array.isArray(got)
    ? `[${got.join(', ')}]`
    : typeof got === 'string'
      ? got
      : (JSON.stringify(got) ?? String(got));
  throw new GraphError(`${op}: ${what}: got ${shown}, wanted ${wanted}`);
}

export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && Array.isArray((value as Tensor).shape) && 'node' in value;

/** Checks an operand and hands it back. */
export function operand(op: string, name: string, value: unknown, want: { rank?: number; dtype?: DType } = {}): Tensor {
  if (!isTensor(value)) refuse(op, name, value, 'a tensor');
  const { rank, dtype = 'f32' } = want;
  if (rank !== undefined && value.shape.length !== rank) refuse(op, name, value.shape, `a tensor of rank ${rank}`);
  if (value.dtype !== dtype) refuse(op, name, value.dtype, dtype);
  return value;
}
