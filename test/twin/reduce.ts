import { type Arr, arr, indices, offsetOf, positiveAxis, sizeOf } from './array.js';

/** The axes that a reduction removes; none given means all. */
export const reducedAxes = (shape: number[], axes?: number[]): number[] =>
  axes ? axes.map((axis) => positiveAxis(axis, shape.length)) : shape.map((_, d) => d);

/** How many elements each sum adds. */
export const reducedCount = (shape: number[], axes?: number[]): number =>
  sizeOf(reducedAxes(shape, axes).map((axis) => shape[axis]));

/** `shape` with the reduced axes kept as 1. */
export function keptShape(shape: number[], axes?: number[]): number[] {
  const reduced = reducedAxes(shape, axes);
  return shape.map((n, d) => (reduced.includes(d) ? 1 : n));
}

/** The place in `keptShape` that element `index` adds to. */
export const keptOffset = (kept: number[], index: number[]): number =>
  offsetOf(
    kept,
    index.map((i, d) => (kept[d] === 1 ? 0 : i)),
  );

export function sum(x: Arr, axes?: number[], keepDims = false): Arr {
  const reduced = reducedAxes(x.shape, axes);
  const y = arr(keptShape(x.shape, axes));
  let i = 0;
  for (const index of indices(x.shape)) y.data[keptOffset(y.shape, index)] += x.data[i++];
  return { shape: keepDims ? y.shape : x.shape.filter((_, d) => !reduced.includes(d)), data: y.data };
}

export function mean(x: Arr, axes?: number[], keepDims = false): Arr {
  const total = sum(x, axes, keepDims);
  const n = reducedCount(x.shape, axes);
  return { shape: total.shape, data: total.data.map((v) => v / n) };
}
