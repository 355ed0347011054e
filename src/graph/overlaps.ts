import type { Kernel } from '../kernels/kernel.js';
import type { PlaneRange } from '../kernels/planes.js';
import { type Chunk, planeOf, sizeOf } from './chunks.js';
import type { Launch, Lowering, Tensor, View } from './tensor.js';

/** Planes p0 … p1 − 1 and, by operand, the chunk that holds all of them. */
export interface PlaneSlice<Name extends string> extends PlaneRange {
  views: Record<Name, View>;
}

const planesOf = (tensor: Tensor): number => sizeOf(tensor.shape) / planeOf(tensor.shape);

/**
 * Cuts work that goes plane by plane so that each part finds every operand in one chunk. Operands have the same number of
 * planes N·C but planes of different sizes, hence different cuts: the parts lie between all of them. An operand with fewer
 * planes, [N,1,…] beside [N,C,…], shares each with the C planes of its sample. Kernels compute flat indices in whole
 * tensors and subtract `bases`, named after the operand: `xBase` for x.
 */
export function overPlanes<Name extends string>(
  plan: Pick<Lowering, 'chunks'>,
  operands: Record<Name, Tensor>,
): PlaneSlice<Name>[] {
  const entries = Object.entries(operands) as [Name, Tensor][];
  const total = Math.max(...entries.map(([, tensor]) => planesOf(tensor)));
  const cuts = entries.map(([name, tensor]) => {
    const plane = planeOf(tensor.shape);
    const shared = total / planesOf(tensor);
    return { name, tensor, ends: plan.chunks(tensor).map((chunk) => ({ chunk, end: (chunk.end / plane) * shared })) };
  });
  const bounds = [...new Set([0, ...cuts.flatMap(({ ends }) => ends.map(({ end }) => end))])].sort((a, b) => a - b);
  return bounds.slice(1).map((p1, i) => {
    const held = cuts.map(({ name, tensor, ends }) => [name, tensor, holding(ends, p1)] as const);
    return {
      p0: bounds[i]!,
      p1,
      bases: Object.fromEntries(held.map(([name, , chunk]) => [`${name}Base`, chunk.base])),
      views: Object.fromEntries(held.map(([name, tensor, chunk]) => [name, { tensor, chunk }])) as Record<Name, View>,
    };
  });
}

const holding = (ends: readonly { chunk: Chunk; end: number }[], p1: number): Chunk =>
  ends.find(({ end }) => end >= p1)!.chunk;

/** A launch of `kernel` for each part of the work on `operands`, whose names are those of the shader's bindings. */
export const launchPlanes = (
  plan: Pick<Lowering, 'chunks'>,
  operands: Record<string, Tensor>,
  kernel: (range: PlaneRange) => Kernel,
): Launch[] => overPlanes(plan, operands).map(({ views, ...range }) => ({ kernel: kernel(range), operands: views }));
