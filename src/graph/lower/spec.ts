import type { WeightShape } from '../../kernels/conv-weight.js';
import type { Lowering } from '../tensor.js';

// What applications have in common that share a choice among candidates.

/** What of a convolution a choice may depend on, but for its size. */
export function kindText(op: string, { kernel, stride, dilation, groups, reflect, ...shape }: WeightShape): string {
  const { transposed = false } = shape as { transposed?: boolean };
  const pair = ([a, b]: readonly [number, number]) => (a === b ? `${a}` : `${a}x${b}`);
  const parts = [
    op,
    `${kernel[0]}x${kernel[1]}`,
    transposed ? 'transposed' : '',
    pair(stride) === '1' ? '' : `stride ${pair(stride)}`,
    pair(dilation) === '1' ? '' : `dilation ${pair(dilation)}`,
    groups === 1 ? '' : `groups ${groups}`,
    reflect ? 'reflect' : '',
  ];
  return parts.filter(Boolean).join(' ');
}

/** Pixels of the results up to the next power of two below: sizes of one class share a choice. */
const sizeClass = ({ images, output }: WeightShape): number => Math.floor(Math.log2(images * output[0] * output[1]));

export const specOf = (op: string, shape: WeightShape): string =>
  `${kindText(op, shape)} ${shape.inputs}>${shape.outputs} 2^${sizeClass(shape)}`;

/** The candidate that is forced or was chosen for a convolution of this kind. */
export const chosen = (plan: Lowering, op: string, shape: WeightShape): string | undefined =>
  plan.candidate(op, specOf(op, shape));
