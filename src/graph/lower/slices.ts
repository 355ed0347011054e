import type { Part } from '../../kernels/conv.js';
import type { Kernel } from '../../kernels/kernel.js';
import { type Chunk, planeOf } from '../chunks.js';
import type { Launch, Lowering, Tensor, View } from '../tensor.js';

// Chunks of a tensor as ranges of its first two axes, and which of them have to do with each other.

export type Range = readonly [number, number];

/** A chunk in planes, and the ranges of the first two axes that it touches: several whole `outer`, or some `inner` of one. */
export interface Slice {
  chunk: Chunk;
  planes: Part;
  outer: Range;
  inner: Range;
}

export function slicesOf(plan: Lowering, tensor: Tensor): Slice[] {
  const plane = planeOf(tensor.shape);
  const size = tensor.shape[1]!;
  return plan.chunks(tensor).map((chunk): Slice => {
    const [start, end] = [chunk.start / plane, chunk.end / plane];
    const outer: Range = [Math.floor(start / size), Math.ceil(end / size)];
    const inner: Range = outer[1] - outer[0] > 1 ? [0, size] : [start - outer[0] * size, end - outer[0] * size];
    return { chunk, planes: { start, end, base: chunk.base }, outer, inner };
  });
}

export const meet = (a: Range, b: Range): Range => [Math.max(a[0], b[0]), Math.min(a[1], b[1])];

/** Pairs of slices with a sample in common, in order. */
export const meetings = (as: readonly Slice[], bs: readonly Slice[]) =>
  as.flatMap((a) =>
    bs.flatMap((b) => {
      const [image0, end] = meet(a.outer, b.outer);
      return image0 < end ? [{ a, b, image0, images: end - image0 }] : [];
    }),
  );

export const view = (tensor: Tensor, chunk: Chunk): View => ({ tensor, chunk });

/** A tensor that always fits one binding. */
export const whole = (plan: Lowering, tensor: Tensor): View => view(tensor, plan.chunks(tensor)[0]!);

/** A launch of `kernel` for each pair of slices of two operands, whose names are those of the shader's bindings. */
export function launchPairs(
  plan: Lowering,
  operands: Record<string, Tensor>,
  kernel: (first: Part, second: Part) => Kernel,
): Launch[] {
  const [[a, first], [b, second]] = Object.entries(operands) as [[string, Tensor], [string, Tensor]];
  return slicesOf(plan, first).flatMap((from) =>
    slicesOf(plan, second).map(
      (to): Launch => ({
        kernel: kernel(from.planes, to.planes),
        operands: { [a]: view(first, from.chunk), [b]: view(second, to.chunk) },
      }),
    ),
  );
}
