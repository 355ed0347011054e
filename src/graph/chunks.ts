import { MemoryError } from '../errors.js';

/**
 * How a tensor larger than a storage binding is cut. A tensor is contiguous (row-major) in its buffer; a chunk is a range of
 * whole planes (everything behind the first two axes) that fits one binding. Kernels compute flat indices in the whole tensor
 * and subtract the `base` of the chunk they were given. The unsplit tensor is simply one chunk.
 */
export interface Chunk {
  index: number;
  /** Flat element range [start, end). */
  start: number;
  end: number;
  /** Element that the binding begins with: `start` rounded down to the offset alignment. */
  base: number;
}

/** Half floats in 256 bytes, the largest offset alignment a device may ask for, and floats in as many. */
export const ALIGN = 128;
export const FLOAT_ALIGN = 64;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Elements behind the first two axes. */
export const planeOf = (shape: readonly number[]): number => sizeOf(shape.slice(2));

/** Elements a chunk may span: whole samples where they fit, else channels of one sample. Long rows of single elements are
 * cut at multiples of 256 so that the segments of a reduction never straddle a cut. */
function chunkLength(shape: readonly number[], limit: number): { span: number; within: number } {
  const plane = planeOf(shape);
  const sample = plane * (shape[1] ?? 1);
  const granule = sample <= limit ? sample : plane;
  if (granule > limit) {
    throw new MemoryError(
      `a plane of [${shape.join(', ')}] takes ${granule * 4} bytes, the device binds at most ${(limit + ALIGN) * 4}`,
      { fix: 'Use smaller pictures or crops' },
    );
  }
  const count = Math.floor(limit / granule);
  const rounded = count > 256 ? count - (count % 256) : count;
  return { span: rounded * granule, within: granule === sample ? sizeOf(shape) : sample };
}

/**
 * The chunks of a tensor of `shape` under bindings of at most `maxBindingBytes`.
 * @throws MemoryError where a single plane does not fit.
 */
export function chunksOf(shape: readonly number[], maxBindingBytes: number): Chunk[] {
  const size = sizeOf(shape);
  const whole = Math.floor(maxBindingBytes / 4);
  if (size <= whole) return [{ index: 0, start: 0, end: size, base: 0 }];
  const { span, within } = chunkLength(shape, whole - ALIGN);
  const chunks: Chunk[] = [];
  for (let outer = 0; outer < size; outer += within) {
    for (let start = outer; start < Math.min(outer + within, size); start += span) {
      const end = Math.min(start + span, outer + within, size);
      chunks.push({ index: chunks.length, start, end, base: start - (start % ALIGN) });
    }
  }
  return chunks;
}
