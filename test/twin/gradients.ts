import {
  type Arr,
  arr,
  at,
  indices,
  map,
  type Operand,
  offsetOf,
  type Padding,
  type Pair,
  positiveAxis,
  toArr,
} from './array.js';
import type { Conv2dOptions } from './conv.js';
import * as conv from './conv-gradients.js';
import { oneHot, softmaxAt } from './ids.js';
import {
  type BatchNormOptions,
  batchGroups,
  type Group,
  type InstanceNormOptions,
  instanceGroups,
  moments,
} from './norm.js';
import { broadcastShape, logistic, narrowed, softened } from './pointwise.js';
import { type AvgPool2dOptions, firstLargest, type MaxPool2dOptions, poolWindows } from './pool.js';
import { keptOffset, keptShape, reducedCount } from './reduce.js';
import { enlargedFrom, isInside, reflected, shifted, unpadded } from './shape.js';

/** One per differentiable operand, in the order of the arguments (options last: weight, bias, mean, variance); null where there is none. */
export type Gradients = (Arr | null)[];

// ---- pointwise: each operand sums dy·∂y/∂operand over everything it was stretched to

type Partial = (...values: number[]) => number;

function pointwise(dy: Arr, operands: Operand[], partials: (Partial | null)[]): Gradients {
  const xs = operands.map(toArr);
  const shape = broadcastShape(...xs.map((x) => x.shape));
  const gradients = operands.map((x, k) => (typeof x === 'number' || !partials[k] ? null : arr(x.shape)));
  let i = 0;
  for (const index of indices(shape)) {
    const places = xs.map((x) => offsetOf(x.shape, narrowed(index, x.shape)));
    const values = xs.map((x, k) => x.data[places[k]]);
    gradients.forEach((g, k) => {
      if (g) g.data[places[k]] += dy.data[i] * partials[k]!(...values);
    });
    i++;
  }
  return gradients;
}

const binary =
  (da: Partial, db: Partial) =>
  (dy: Arr, a: Operand, b: Operand): Gradients =>
    pointwise(dy, [a, b], [da, db]);

const unary =
  (slope: (v: number, ...parameters: number[]) => number) =>
  (dy: Arr, x: Arr, ...parameters: number[]): Gradients => [map(dy, (g, i) => g * slope(x.data[i], ...parameters))];

/** 1 to the winner, half to each in a tie, as torch does. */
const share = (winner: number, loser: number): number => (winner > loser ? 1 : winner === loser ? 0.5 : 0);

// ---- reductions

const reduction =
  (weight: (count: number) => number) =>
  (dy: Arr, x: Arr, axes?: number[]): Gradients => {
    const dx = arr(x.shape);
    const kept = keptShape(x.shape, axes);
    const k = weight(reducedCount(x.shape, axes));
    let i = 0;
    for (const index of indices(x.shape)) dx.data[i++] = dy.data[keptOffset(kept, index)] * k;
    return [dx];
  };

// ---- normalisation

/** dx = w/σ·(dy − mean(dy) − x̂·mean(dy·x̂)); dw = Σ dy·x̂; db = Σ dy. */
function normalised(dy: Arr, x: Arr, groups: Group[], { eps = 1e-5, weight, bias }: InstanceNormOptions): Gradients {
  const dx = arr(x.shape);
  const dw = arr([x.shape[1]]);
  const db = arr([x.shape[1]]);
  for (const group of groups) {
    const { mean, variance } = moments(x, group);
    const deviation = Math.sqrt(variance + eps);
    const w = weight?.data[group.channel] ?? 1;
    const unit = (i: number) => (x.data[i] - mean) / deviation;
    let sum = 0;
    let sumUnit = 0;
    for (const i of group.positions) {
      sum += dy.data[i];
      sumUnit += dy.data[i] * unit(i);
    }
    const n = group.positions.length;
    for (const i of group.positions) dx.data[i] = (w / deviation) * (dy.data[i] - sum / n - (unit(i) * sumUnit) / n);
    dw.data[group.channel] += sumUnit;
    db.data[group.channel] += sum;
  }
  return [dx, weight ? dw : null, bias ? db : null];
}

const instanceNorm = (dy: Arr, x: Arr, options: InstanceNormOptions = {}): Gradients =>
  normalised(dy, x, instanceGroups(x.shape), options);

/** With the statistics given y is affine in x, the mean and 1/σ. */
function batchNorm(dy: Arr, x: Arr, options: BatchNormOptions = {}): Gradients {
  const { eps = 1e-5, weight, bias, mean, variance } = options;
  if (!mean || !variance) return [...normalised(dy, x, batchGroups(x.shape), options), null, null];
  const dx = arr(x.shape);
  const [dw, db, dmean, dvariance] = [1, 2, 3, 4].map(() => arr([x.shape[1]]));
  for (const { channel: c, positions } of batchGroups(x.shape)) {
    const w = weight?.data[c] ?? 1;
    const power = variance.data[c] + eps;
    for (const i of positions) {
      const centred = x.data[i] - mean.data[c];
      dx.data[i] = (dy.data[i] * w) / Math.sqrt(power);
      dw.data[c] += (dy.data[i] * centred) / Math.sqrt(power);
      db.data[c] += dy.data[i];
      dmean.data[c] -= (dy.data[i] * w) / Math.sqrt(power);
      dvariance.data[c] -= (dy.data[i] * w * centred) / (2 * power ** 1.5);
    }
  }
  return [dx, weight ? dw : null, bias ? db : null, dmean, dvariance];
}

// ---- pools

function avgPool2d(dy: Arr, x: Arr, options: AvgPool2dOptions): Gradients {
  const dx = arr(x.shape);
  for (const { y, cells, padded } of poolWindows(x.shape, options)) {
    const divisor = (options.countIncludePad ?? true) ? padded : cells.length;
    for (const i of cells) dx.data[i] += dy.data[y] / divisor;
  }
  return [dx];
}

function maxPool2d(dy: Arr, x: Arr, options: MaxPool2dOptions): Gradients {
  const dx = arr(x.shape);
  for (const { y, cells } of poolWindows(x.shape, options)) dx.data[firstLargest(x, cells)] += dy.data[y];
  return [dx];
}

// ---- moves: every element of y came from one place of x, or from none

function moved(dy: Arr, x: Arr, source: (index: number[]) => number[]): Gradients {
  const dx = arr(x.shape);
  for (const index of indices(dy.shape)) {
    const from = source(index);
    if (isInside(from, x.shape)) dx.data[offsetOf(x.shape, from)] += at(dy, index);
  }
  return [dx];
}

function concat(dy: Arr, xs: Arr[], axis: number): Gradients {
  const along = positiveAxis(axis, dy.shape.length);
  let start = 0;
  return xs.map((x) => {
    const dx = arr(x.shape);
    for (const index of indices(x.shape)) {
      dx.data[offsetOf(x.shape, index)] = at(dy, shifted(index, along, start));
    }
    start += x.shape[along];
    return dx;
  });
}

/** The mean of a region hands every pixel of it the mean of the incoming gradients. */
function regionMean(dy: Arr, x: Arr, regions: Arr, count: number): Gradients {
  const [N, C] = x.shape;
  const dx = arr(x.shape);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let region = 0; region < count; region++) {
        const pixels = [...indices(x.shape.slice(2))].filter(([i, j]) => at(regions, [n, 0, i, j]) === region);
        const total = pixels.reduce((sum, [i, j]) => sum + at(dy, [n, c, i, j]), 0);
        for (const [i, j] of pixels) dx.data[offsetOf(dx.shape, [n, c, i, j])] = total / pixels.length;
      }
  return [dx, null];
}

// ---- losses: means, so each element counts 1/n

const lossOf =
  (da: Partial, db: Partial | null) =>
  (dy: Arr, a: Operand, b: Operand): Gradients => {
    const shape = broadcastShape(toArr(a).shape, toArr(b).shape);
    const each = arr(shape);
    return pointwise({ shape, data: each.data.fill(dy.data[0] / each.data.length) }, [a, b], [da, db]);
  };

function softmaxCrossEntropy(dy: Arr, logits: Arr, ids: Arr): Gradients {
  const [N, C, H, W] = logits.shape;
  const dx = arr(logits.shape);
  for (const [n, i, j] of indices([N, H, W])) {
    const p = softmaxAt(logits, n, i, j);
    for (let c = 0; c < C; c++) {
      const wanted = at(ids, [n, 0, i, j]) === c ? 1 : 0;
      dx.data[offsetOf(dx.shape, [n, c, i, j])] = (dy.data[0] * (p[c] - wanted)) / (N * H * W);
    }
  }
  return [dx, null];
}

/** op → (dy, …arguments of the op) → gradients. Ops without a row have none. */
export const gradients = {
  add: binary(
    () => 1,
    () => 1,
  ),
  sub: binary(
    () => 1,
    () => -1,
  ),
  mul: binary(
    (_, b) => b,
    (a) => a,
  ),
  div: binary(
    (_, b) => 1 / b,
    (a, b) => -a / (b * b),
  ),
  maximum: binary(share, (a, b) => share(b, a)),
  minimum: binary((a, b) => share(b, a), share),
  where: (dy: Arr, cond: Operand, a: Operand, b: Operand): Gradients =>
    pointwise(dy, [cond, a, b], [null, (c) => (c !== 0 ? 1 : 0), (c) => (c !== 0 ? 0 : 1)]),

  neg: unary(() => -1),
  abs: unary(Math.sign),
  sqrt: unary((v) => 0.5 / Math.sqrt(v)),
  square: unary((v) => 2 * v),
  exp: unary(Math.exp),
  log: unary((v) => 1 / v),
  scale: unary((_, k) => k),
  clamp: unary((v, lo, hi) => (v >= lo && v <= hi ? 1 : 0)),
  relu: unary((v) => (v > 0 ? 1 : 0)),
  leakyRelu: unary((v, slope) => (v > 0 ? 1 : slope)),
  tanh: unary((v) => 1 / Math.cosh(v) ** 2),
  sigmoid: unary((v) => logistic(v) * logistic(-v)),
  softplus: unary(logistic),

  sum: reduction(() => 1),
  mean: reduction((count) => 1 / count),

  conv2d: conv.conv2d,
  convTranspose2d: conv.convTranspose2d,
  labelConv2d: (dy: Arr, ids: Arr, w: Arr, options: Conv2dOptions): Gradients => [
    null,
    conv.conv2d(dy, oneHot(ids, w.shape[1]), w, null, options)[1],
  ],
  instanceNorm,
  batchNorm,
  avgPool2d,
  maxPool2d,

  reflectionPad2d: (dy: Arr, x: Arr, p: Padding) => moved(dy, x, (index) => reflected(index, x.shape, p)),
  zeroPad2d: (dy: Arr, x: Arr, p: Padding) => moved(dy, x, (index) => unpadded(index, p)),
  upsampleNearest2d: (dy: Arr, x: Arr, factor: Pair) => moved(dy, x, (index) => enlargedFrom(index, factor)),
  slice: (dy: Arr, x: Arr, starts: number[]) => moved(dy, x, (index) => index.map((i, d) => i + starts[d])),
  reshape: (dy: Arr, x: Arr): Gradients => [arr(x.shape, dy.data)],
  concat,
  regionMean,

  softmaxCrossEntropy,
  l1Loss: lossOf(
    (a, b) => Math.sign(a - b),
    (a, b) => Math.sign(b - a),
  ),
  mseLoss: lossOf(
    (a, b) => 2 * (a - b),
    (a, b) => 2 * (b - a),
  ),
  bceWithLogits: lossOf(
    (x, t) => logistic(x) - t,
    (x) => softened(-x) - softened(x),
  ),
  hingeLoss: (dy: Arr, x: Arr, sign: number): Gradients => [
    map(x, (v) => (1 - sign * v > 0 ? (-sign * dy.data[0]) / x.data.length : 0)),
  ],
};
