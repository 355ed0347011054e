import { type Arr, arr, sizeOf } from './array.js';

export type InstanceNormOptions = { eps?: number; weight?: Arr; bias?: Arr };
export type BatchNormOptions = InstanceNormOptions & { mean?: Arr; variance?: Arr };

/** The flat positions that share one mean: a plane per sample and channel, or a channel over the batch. */
export type Group = { channel: number; positions: number[] };

const plane = (shape: number[], n: number, c: number): number[] => {
  const size = sizeOf(shape.slice(2));
  return Array.from({ length: size }, (_, i) => (n * shape[1] + c) * size + i);
};

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const instanceGroups = (shape: number[]): Group[] =>
  upTo(shape[0]).flatMap((n) => upTo(shape[1]).map((c) => ({ channel: c, positions: plane(shape, n, c) })));

export const batchGroups = (shape: number[]): Group[] =>
  upTo(shape[1]).map((c) => ({ channel: c, positions: upTo(shape[0]).flatMap((n) => plane(shape, n, c)) }));

/** Mean and biased variance. */
export function moments(x: Arr, { positions }: Group): { mean: number; variance: number } {
  let mean = 0;
  for (const i of positions) mean += x.data[i] / positions.length;
  let variance = 0;
  for (const i of positions) variance += (x.data[i] - mean) ** 2 / positions.length;
  return { mean, variance };
}

/** x [N, C, …]: every plane to mean 0 and variance 1, then weight and bias per channel. */
export function instanceNorm(x: Arr, { eps = 1e-5, weight, bias }: InstanceNormOptions = {}): Arr {
  const y = arr(x.shape);
  for (const group of instanceGroups(x.shape)) {
    const { mean, variance } = moments(x, group);
    const w = weight?.data[group.channel] ?? 1;
    const b = bias?.data[group.channel] ?? 0;
    for (const i of group.positions) y.data[i] = ((x.data[i] - mean) / Math.sqrt(variance + eps)) * w + b;
  }
  return y;
}

/** x [N, C, …] with the statistics of the batch, or with those given. */
export function batchNorm(x: Arr, { eps = 1e-5, weight, bias, ...given }: BatchNormOptions = {}): Arr {
  const y = arr(x.shape);
  for (const group of batchGroups(x.shape)) {
    const own = moments(x, group);
    const mean = given.mean?.data[group.channel] ?? own.mean;
    const variance = given.variance?.data[group.channel] ?? own.variance;
    const w = weight?.data[group.channel] ?? 1;
    const b = bias?.data[group.channel] ?? 0;
    for (const i of group.positions) y.data[i] = ((x.data[i] - mean) / Math.sqrt(variance + eps)) * w + b;
  }
  return y;
}
