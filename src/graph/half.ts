import { sizeOf } from './chunks.js';
import { isHalfVariable } from './storage.js';
import type { Tensor } from './tensor.js';

/**
 * How a program stores its intermediates: as they are computed, or as half floats, two in a word, which kernels/half.ts lets every
 * kernel read and write. What is computed is f32 either way.
 */
export const PRECISIONS = ['f32', 'f16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Elements below which a tensor stays f32: losses, vectors, statistics. */
const SMALL = 2 ** 10;

/** Whether an intermediate is a map, a gradient, or weights made of weights: large, of floats, and no norm's statistics. */
const isLarge = ({ dtype, shape, output, node }: Tensor): boolean =>
  dtype === 'f32' && output === 0 && !node.op.exact && sizeOf(shape) >= SMALL;

/**
 * Whether the memory of a tensor, and of all its other shapes, holds halves.
 * @param exact what a program shows or keeps, which stays f32, like what it is fed, and what has parts that no binding of halves begins with
 */
export const halves =
  (precision: Precision, exact: ReadonlySet<Tensor>) =>
  (root: Tensor): boolean =>
    root.node.op.source ? isHalfVariable(root) : precision === 'f16' && isLarge(root) && !exact.has(root);
