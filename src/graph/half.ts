import { toHalf } from '../float16.js';
import { ALIGN, sizeOf } from './chunks.js';
import type { VariableAttrs } from './initial.js';
import { type Node, offsetOf, rootOf, type Tensor } from './tensor.js';

/**
 * How a program stores its intermediates: as they are computed, or as half floats, two in a word, which kernels/half.ts lets every
 * kernel read and write. What is computed is f32 either way.
 */
export const PRECISIONS = ['f32', 'f16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Whether a tensor is a variable that is stored as half floats. */
export const isHalfVariable = ({ node }: Tensor): boolean =>
  node.op.source === 'variable' && (node.attrs as VariableAttrs).half === true;

/** Bytes of so many elements in whole words. */
export const bytesFor = (elements: number, half: boolean): number =>
  half ? 4 * Math.ceil(elements / 2) : 4 * elements;

/** A variable's values as they lie in its memory, in whole words. */
export function stored(variable: Tensor, data: Float32Array): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  if (!isHalfVariable(variable)) return data as Float32Array<ArrayBuffer>;
  const halves = new Uint16Array(bytesFor(data.length, true) / 2);
  for (let i = 0; i < data.length; i++) halves[i] = toHalf(data[i]!);
  return halves;
}

/** Elements below which a tensor stays f32: losses, vectors, statistics. */
const SMALL = 2 ** 10;

/** Whether an intermediate is a map, a gradient, or weights made of weights: large, of floats, and no norm's statistics. */
const isLarge = ({ dtype, shape, output, node }: Tensor): boolean =>
  dtype === 'f32' && output === 0 && !node.op.exact && sizeOf(shape) >= SMALL;

/**
 * Whether the memory of a tensor, and of all its other shapes, holds halves. What a program shows or keeps (`exact`) stays f32, like what
 * it is fed, and what has parts that no binding of halves begins with.
 */
export function halves(
  precision: Precision,
  nodes: readonly Node[],
  exact: readonly Tensor[],
): (root: Tensor) => boolean {
  const unaligned = nodes.flatMap((node) => node.outputs).filter((tensor) => offsetOf(tensor) % ALIGN !== 0);
  const kept = new Set([...exact, ...unaligned].map(rootOf));
  return (root) =>
    root.node.op.source ? isHalfVariable(root) : precision === 'f16' && isLarge(root) && !kept.has(root);
}
