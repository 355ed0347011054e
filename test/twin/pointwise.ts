import { type Arr, arr, indices, map, type Operand, offsetOf, toArr } from './array.js';

/** numpy's rule: align right, 1 stretches. */
export function broadcastShape(...shapes: number[][]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((s) => s[d - rank + s.length] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
}

/** The index inside `shape` that `index` of the broadcast shape reads. */
export const narrowed = (index: number[], shape: number[]): number[] =>
  shape.map((n, d) => (n === 1 ? 0 : index[d + index.length - shape.length]));

export function broadcast(f: (...values: number[]) => number, ...operands: Operand[]): Arr {
  const xs = operands.map(toArr);
  const y = arr(broadcastShape(...xs.map((x) => x.shape)));
  let i = 0;
  for (const index of indices(y.shape)) {
    y.data[i++] = f(...xs.map((x) => x.data[offsetOf(x.shape, narrowed(index, x.shape))]));
  }
  return y;
}

export const add = (a: Operand, b: Operand) => broadcast((x, y) => x + y, a, b);
export const sub = (a: Operand, b: Operand) => broadcast((x, y) => x - y, a, b);
export const mul = (a: Operand, b: Operand) => broadcast((x, y) => x * y, a, b);
export const div = (a: Operand, b: Operand) => broadcast((x, y) => x / y, a, b);
export const maximum = (a: Operand, b: Operand) => broadcast(Math.max, a, b);
export const minimum = (a: Operand, b: Operand) => broadcast(Math.min, a, b);
export const greater = (a: Operand, b: Operand) => broadcast((x, y) => (x > y ? 1 : 0), a, b);
export const where = (cond: Operand, a: Operand, b: Operand) => broadcast((c, x, y) => (c !== 0 ? x : y), cond, a, b);

export const neg = (x: Arr) => map(x, (v) => -v);
export const abs = (x: Arr) => map(x, Math.abs);
export const sqrt = (x: Arr) => map(x, Math.sqrt);
export const square = (x: Arr) => map(x, (v) => v * v);
export const exp = (x: Arr) => map(x, Math.exp);
export const log = (x: Arr) => map(x, Math.log);
export const scale = (x: Arr, k: number) => map(x, (v) => v * k);
export const clamp = (x: Arr, lo: number, hi: number) => map(x, (v) => Math.min(Math.max(v, lo), hi));
export const detach = (x: Arr) => map(x, (v) => v);

export const relu = (x: Arr) => map(x, (v) => Math.max(v, 0));
export const leakyRelu = (x: Arr, slope: number) => map(x, (v) => (v > 0 ? v : slope * v));
export const tanh = (x: Arr) => map(x, Math.tanh);
export const logistic = (v: number): number => 1 / (1 + Math.exp(-v));
export const sigmoid = (x: Arr) => map(x, logistic);
/** log(1 + eᵛ) without overflow. */
export const softened = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
export const softplus = (x: Arr) => map(x, softened);
