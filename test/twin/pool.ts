import { type Arr, arr, type Padding, type Pair, pairOf, sidesOf, sizeOf } from './array.js';

export type MaxPool2dOptions = { kernel: Pair; stride?: Pair; padding?: Padding; ceilMode?: boolean };
export type AvgPool2dOptions = MaxPool2dOptions & { countIncludePad?: boolean };

/** torch's rule: with ceilMode a last window that would start in the padding behind the image is dropped. */
function pooledSize(n: number, kernel: number, stride: number, before: number, after: number, ceil: boolean): number {
  const steps = (n + before + after - kernel) / stride;
  const size = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return ceil && (size - 1) * stride >= n + before ? size - 1 : size;
}

export function pool2dShape(x: number[], { kernel, stride, padding, ceilMode = false }: MaxPool2dOptions): number[] {
  const [kernelH, kernelW] = pairOf(kernel);
  const [strideH, strideW] = pairOf(stride ?? kernel);
  const { top, left, bottom, right } = sidesOf(padding ?? 0);
  const height = pooledSize(x[2], kernelH, strideH, top, bottom, ceilMode);
  const width = pooledSize(x[3], kernelW, strideW, left, right, ceilMode);
  return [x[0], x[1], height, width];
}

/** The cells of one window that lie in the image, and how many it has counting those in the padding. */
export type Window = { y: number; cells: number[]; padded: number };

export function poolWindows(x: number[], options: MaxPool2dOptions): Window[] {
  const [kernelH, kernelW] = pairOf(options.kernel);
  const [strideH, strideW] = pairOf(options.stride ?? options.kernel);
  const { top, left, bottom, right } = sidesOf(options.padding ?? 0);
  const [, , H, W] = x;
  const [, , OH, OW] = pool2dShape(x, options);
  const planes = sizeOf(x.slice(0, 2));
  const windows: Window[] = [];
  for (let p = 0; p < planes; p++)
    for (let i = 0; i < OH; i++)
      for (let j = 0; j < OW; j++) {
        const cells: number[] = [];
        let padded = 0;
        for (let r = 0; r < kernelH; r++)
          for (let s = 0; s < kernelW; s++) {
            const row = i * strideH - top + r;
            const column = j * strideW - left + s;
            // cells even behind the padding (ceilMode reaches there) count for nothing
            if (row < H + bottom && column < W + right) padded++;
            if (row >= 0 && row < H && column >= 0 && column < W) cells.push((p * H + row) * W + column);
          }
        windows.push({ y: (p * OH + i) * OW + j, cells, padded });
      }
  return windows;
}

export function avgPool2d(x: Arr, options: AvgPool2dOptions): Arr {
  const y = arr(pool2dShape(x.shape, options));
  for (const { y: yi, cells, padded } of poolWindows(x.shape, options)) {
    const divisor = (options.countIncludePad ?? true) ? padded : cells.length;
    y.data[yi] = cells.reduce((total, i) => total + x.data[i], 0) / divisor;
  }
  return y;
}

/** The first largest cell of a window, in row order. */
export const firstLargest = (x: Arr, cells: number[]): number =>
  cells.reduce((best, i) => (x.data[i] > x.data[best] ? i : best), cells[0]);

export function maxPool2d(x: Arr, options: MaxPool2dOptions): Arr {
  const y = arr(pool2dShape(x.shape, options));
  for (const { y: yi, cells } of poolWindows(x.shape, options)) y.data[yi] = x.data[firstLargest(x, cells)];
  return y;
}
