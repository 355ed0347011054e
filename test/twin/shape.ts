import {
  type Arr,
  arr,
  at,
  indices,
  mirror,
  offsetOf,
  type Padding,
  type Pair,
  pairOf,
  positiveAxis,
  sidesOf,
} from './array.js';

/** Where pixel `index` of the padded image comes from; negative or beyond the image for zeros. */
export function unpadded(index: number[], padding: Padding): number[] {
  const { top, left } = sidesOf(padding);
  return index.map((i, d) => (d === index.length - 2 ? i - top : d === index.length - 1 ? i - left : i));
}

export function paddedShape(shape: number[], padding: Padding): number[] {
  const { top, left, bottom, right } = sidesOf(padding);
  const rank = shape.length;
  return shape.map((n, d) => (d === rank - 2 ? n + top + bottom : d === rank - 1 ? n + left + right : n));
}

export const isInside = (index: number[], shape: number[]): boolean => index.every((i, d) => i >= 0 && i < shape[d]);

export function zeroPad2d(x: Arr, padding: Padding): Arr {
  const y = arr(paddedShape(x.shape, padding));
  for (const index of indices(y.shape)) {
    const source = unpadded(index, padding);
    y.data[offsetOf(y.shape, index)] = isInside(source, x.shape) ? at(x, source) : 0;
  }
  return y;
}

export function reflectionPad2d(x: Arr, padding: Padding): Arr {
  const y = arr(paddedShape(x.shape, padding));
  for (const index of indices(y.shape)) {
    y.data[offsetOf(y.shape, index)] = at(x, reflected(index, x.shape, padding));
  }
  return y;
}

export const reflected = (index: number[], shape: number[], padding: Padding): number[] =>
  unpadded(index, padding).map((i, d) => mirror(i, shape[d]));

/** The source of pixel `index` of the enlarged image. */
export function enlargedFrom(index: number[], factor: Pair): number[] {
  const [factorH, factorW] = pairOf(factor);
  const rank = index.length;
  return index.map((i, d) => (d === rank - 2 ? Math.floor(i / factorH) : d === rank - 1 ? Math.floor(i / factorW) : i));
}

export function upsampleNearest2d(x: Arr, factor: Pair): Arr {
  const [factorH, factorW] = pairOf(factor);
  const [N, C, H, W] = x.shape;
  const y = arr([N, C, H * factorH, W * factorW]);
  for (const index of indices(y.shape)) y.data[offsetOf(y.shape, index)] = at(x, enlargedFrom(index, factor));
  return y;
}

export function concat(xs: Arr[], axis: number): Arr {
  const along = positiveAxis(axis, xs[0].shape.length);
  const total = xs.reduce((n, x) => n + x.shape[along], 0);
  const y = arr(xs[0].shape.map((n, d) => (d === along ? total : n)));
  let start = 0;
  for (const x of xs) {
    for (const index of indices(x.shape)) y.data[offsetOf(y.shape, shifted(index, along, start))] = at(x, index);
    start += x.shape[along];
  }
  return y;
}

/** `index` moved by `start` along one axis. */
export const shifted = (index: number[], axis: number, start: number): number[] =>
  index.map((i, d) => (d === axis ? i + start : i));

export function slice(x: Arr, starts: number[], sizes: number[]): Arr {
  const y = arr(sizes);
  for (const index of indices(sizes)) {
    y.data[offsetOf(sizes, index)] = at(
      x,
      index.map((i, d) => i + starts[d]),
    );
  }
  return y;
}

export const reshape = (x: Arr, shape: number[]): Arr => arr(shape, x.data);
