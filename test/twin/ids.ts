import { type Arr, arr, at, indices, offsetOf, positiveAxis } from './array.js';
import { type Conv2dOptions, conv2d } from './conv.js';

/** The convolution of the one-hot planes. */
export const labelConv2d = (ids: Arr, w: Arr, options: Conv2dOptions = {}): Arr =>
  conv2d(oneHot(ids, w.shape[1]), w, null, options);

/** ids [N,1,H,W] → [N,classes,H,W] of 0 and 1. */
export function oneHot(ids: Arr, classes: number): Arr {
  const [N, , H, W] = ids.shape;
  const y = arr([N, classes, H, W]);
  for (const [n, c, i, j] of indices(y.shape)) {
    y.data[offsetOf(y.shape, [n, c, i, j])] = at(ids, [n, 0, i, j]) === c ? 1 : 0;
  }
  return y;
}

/** 1 where the id differs from one of the up to four neighbours: both sides of a border, no diagonals, no image rim. */
export function instanceEdges(ids: Arr): Arr {
  const [, , H, W] = ids.shape;
  const y = arr(ids.shape);
  for (const [n, c, i, j] of indices(ids.shape)) {
    const id = at(ids, [n, c, i, j]);
    const differs = (row: number, column: number) =>
      row >= 0 && row < H && column >= 0 && column < W && at(ids, [n, c, row, column]) !== id;
    const edge = differs(i - 1, j) || differs(i + 1, j) || differs(i, j - 1) || differs(i, j + 1);
    y.data[offsetOf(y.shape, [n, c, i, j])] = edge ? 1 : 0;
  }
  return y;
}

/** Every pixel becomes the mean of its channel over the pixels of the same sample and region. */
export function regionMean(x: Arr, regions: Arr, count: number): Arr {
  const [N, C, H, W] = x.shape;
  const y = arr(x.shape);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      const totals = new Float64Array(count);
      const pixels = new Float64Array(count);
      for (const [i, j] of indices([H, W])) {
        const region = at(regions, [n, 0, i, j]);
        totals[region] += at(x, [n, c, i, j]);
        pixels[region]++;
      }
      for (const [i, j] of indices([H, W])) {
        const region = at(regions, [n, 0, i, j]);
        y.data[offsetOf(y.shape, [n, c, i, j])] = totals[region] / pixels[region];
      }
    }
  return y;
}

/** The place of the first largest value; the axis goes away, as in torch. */
export function argmax(x: Arr, axis: number): Arr {
  const along = positiveAxis(axis, x.shape.length);
  const y = arr(x.shape.filter((_, d) => d !== along));
  for (const index of indices(y.shape)) {
    const place = (k: number) => [...index.slice(0, along), k, ...index.slice(along)];
    let best = 0;
    for (let k = 1; k < x.shape[along]; k++) if (at(x, place(k)) > at(x, place(best))) best = k;
    y.data[offsetOf(y.shape, index)] = best;
  }
  return y;
}

/** The class probabilities of one pixel. */
export function softmaxAt(logits: Arr, n: number, i: number, j: number): number[] {
  const values = Array.from({ length: logits.shape[1] }, (_, c) => at(logits, [n, c, i, j]));
  const largest = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

/** logits [N,C,H,W], ids [N,1,H,W] → the mean over all pixels of −log of the probability of the right class. */
export function softmaxCrossEntropy(logits: Arr, ids: Arr): Arr {
  const [N, , H, W] = logits.shape;
  let total = 0;
  for (const [n, i, j] of indices([N, H, W])) total -= Math.log(softmaxAt(logits, n, i, j)[at(ids, [n, 0, i, j])]);
  return arr([], [total / (N * H * W)]);
}
