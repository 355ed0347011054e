import type { AdamOptions } from '../twin/adam.js';
import type { Arr, Padding, Pair } from '../twin/array.js';
import type { Conv2dOptions, ConvTranspose2dOptions } from '../twin/conv.js';
import { type Gradients, gradients } from '../twin/gradients.js';
import type { AvgPool2dOptions, MaxPool2dOptions } from '../twin/pool.js';

type Binary<T, R> = (a: T | number, b: T | number) => R;
type Unary<T, R> = (x: T) => R;
type Reduce<T, R> = (x: T, axes?: number[], keepDims?: boolean) => R;
type Pad<T, R> = (x: T, padding: Padding) => R;

export type InstanceNormOf<T> = { eps?: number; weight?: T; bias?: T };
export type BatchNormOf<T> = InstanceNormOf<T> & { mean?: T; variance?: T };

/**
 * The op half of the engine contract, for any kind of value: the twin is an `Ops<Arr>`, the engine an `Ops<Tensor>`, so
 * one test calls either. R differs from T in the gradient table alone.
 */
export type Ops<T, R = T> = {
  [op in 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater']: Binary<T, R>;
} & {
  [op in 'neg' | 'abs' | 'sqrt' | 'square' | 'exp' | 'log' | 'detach']: Unary<T, R>;
} & {
  [op in 'relu' | 'tanh' | 'sigmoid' | 'softplus']: Unary<T, R>;
} & {
  where(cond: T | number, a: T | number, b: T | number): R;
  scale(x: T, k: number): R;
  clamp(x: T, lo: number, hi: number): R;
  leakyRelu(x: T, slope: number): R;
  sum: Reduce<T, R>;
  mean: Reduce<T, R>;
  argmax(x: T, axis: number): R;
  softmaxCrossEntropy(logits: T, ids: T): R;
  conv2d(x: T, w: T, b: T | null, options?: Conv2dOptions): R;
  labelConv2d(ids: T, w: T, options?: Conv2dOptions): R;
  convTranspose2d(x: T, w: T, b: T | null, options?: ConvTranspose2dOptions): R;
  instanceNorm(x: T, options?: InstanceNormOf<T>): R;
  batchNorm(x: T, options?: BatchNormOf<T>): R;
  reflectionPad2d: Pad<T, R>;
  zeroPad2d: Pad<T, R>;
  avgPool2d(x: T, options: AvgPool2dOptions): R;
  maxPool2d(x: T, options: MaxPool2dOptions): R;
  upsampleNearest2d(x: T, factor: Pair): R;
  concat(xs: T[], axis: number): R;
  slice(x: T, starts: number[], sizes: number[]): R;
  reshape(x: T, shape: number[]): R;
  oneHot(ids: T, classes: number): R;
  instanceEdges(ids: T): R;
  regionMean(x: T, regions: T, count: number): R;
  l1Loss(a: T, b: T): R;
  mseLoss(a: T, b: T): R;
  bceWithLogits(x: T, target: T | number): R;
  hingeLoss(x: T, sign: number): R;
};

export type Adam<T> = (
  w: T,
  g: T,
  m: T,
  v: T,
  scalars: { lr: T; correction1: T; correction2: T },
  options: AdamOptions,
) => { w: T; m: T; v: T };

/** The twin's gradients in the shape of the ops: what a case calls forward, it calls for its gradients. */
export const gradientsFor = (dy: Arr): Ops<Arr, Gradients> =>
  Object.fromEntries(
    Object.entries(gradients).map(([op, rule]) => [
      op,
      (...args: unknown[]) => (rule as (...all: unknown[]) => Gradients)(dy, ...args),
    ]),
  ) as unknown as Ops<Arr, Gradients>;
