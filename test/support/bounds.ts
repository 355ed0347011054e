import { type Arr, arr, map, sizeOf } from '../twin/array.js';

/**
 * How far a float32 result may lie from the float64 twin. Nothing here is tuned: the terms come from the number of
 * additions and from the accuracies that WGSL promises for its builtins ("Floating Point Accuracy").
 */

/** Distance from 1 to the next float32: one unit in the last place of y is at most EPS·|y|. */
export const EPS = 2 ** -23;
/** Devices may flush subnormals to zero. */
export const TINY = 2 ** -126;
/** WGSL: log on [0.5, 2]. */
const LOG_ERROR = 2 ** -21;
/** WGSL: tanh. */
const TANH_ERROR = 1e-5;

/** 4·eps·√K·Σ|aᵢbᵢ| + eps·|y|: a sum of K products in any order. `magnitude` is the twin run on absolute values. */
export const dotBound = (length: number, magnitude: Arr, y: Arr): Arr =>
  map(y, (v, i) => 4 * EPS * Math.sqrt(length) * magnitude.data[i] + EPS * Math.abs(v) + TINY);

/** `ulps` units in the last place of y. */
export const ulps = (y: Arr, count: number): Arr => map(y, (v) => count * EPS * Math.abs(v) + TINY);

/** Not a bit of difference: moves, comparisons, selections. */
export const exact = (y: Arr): Arr => arr(y.shape);

export const plus = (a: Arr, b: Arr): Arr => map(a, (v, i) => v + b.data[i]);

// ---- builtins: absolute error of f(x) for an exact x

/** WGSL: 3 + 2|x| units. */
export const expError = (x: number): number => (3 + 2 * Math.abs(x)) * EPS * Math.exp(x);

/** WGSL: 2^-21 on [0.5, 2], else 3 units. */
export const logError = (x: number): number => (x >= 0.5 && x <= 2 ? LOG_ERROR : 3 * EPS * Math.abs(Math.log(x)));

/** 1/(1 + e) with e = exp(−x): e's error weighs 1 − y, the sum rounds once, the quotient is within 2.5 units. */
export function sigmoidError(x: number): number {
  const y = 1 / (1 + Math.exp(-x));
  return y * EPS * ((1 - y) * (3 + 2 * Math.abs(x)) + 3.5) + TINY;
}

/** max(x, 0) + log(1 + e) with e = exp(−|x|) ≤ 1: the log in [1, 2], its argument rounded once, the sum rounded once. */
export function softplusError(x: number): number {
  const e = Math.exp(-Math.abs(x));
  const y = Math.max(x, 0) + Math.log1p(e);
  return LOG_ERROR + expError(-Math.abs(x)) + EPS * (1 + y);
}

export const tanhError = (): number => TANH_ERROR;

// ---- normalisation

/** Per plane or channel: the numbers that its error terms are made of. */
export type Spread = { count: number; deviation: number; shift: number };

/**
 * x̂ = (x − m)/σ. The mean is a sum of n terms, its error 4·eps·√n·mean|x| ≤ 4·eps·√n·(|m| + σ) counted in σ; the error
 * of σ weighs x̂. Both together: 4·eps·√n·(1 + |m|/σ)·(1 + |x̂|).
 */
export const unitError = ({ count, shift }: Spread, unit: number): number =>
  4 * EPS * Math.sqrt(count) * (1 + shift) * (1 + Math.abs(unit));

// ---- assertion

export class BoundError extends Error {
  override name = 'BoundError';
}

const indexOf = (flat: number, shape: number[]): number[] =>
  shape.map((n, d) => Math.floor(flat / sizeOf(shape.slice(d + 1))) % n);

/** Equal infinities and a NaN where one is wanted are no error; any other one is infinitely wrong. */
function excess(got: number, want: number, allowed: number): number {
  if (Object.is(got, want) || got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const error = Math.abs(got - want);
  if (!Number.isFinite(error)) return Number.POSITIVE_INFINITY;
  return allowed > 0 ? error / allowed : error > 0 ? Number.POSITIVE_INFINITY : 0;
}

/**
 * Throws a BoundError that shows the worst element unless every |got − want| ≤ bound.
 * @returns the largest error as a fraction of its bound.
 */
export function closeTo(got: ArrayLike<number>, want: Arr, bound: Arr | number, what: string): number {
  if (got.length !== want.data.length) {
    throw new BoundError(`${what}: got ${got.length} values, wanted ${want.data.length} for shape [${want.shape}]`);
  }
  let worst = 0;
  let where = -1;
  let bad = 0;
  const allowed = (i: number) => (typeof bound === 'number' ? bound : bound.data[i]);
  for (let i = 0; i < got.length; i++) {
    const e = excess(got[i], want.data[i], allowed(i));
    if (e > 1) bad++;
    if (e > worst) [worst, where] = [e, i];
  }
  if (bad > 0) {
    throw new BoundError(
      `${what}: ${bad} of ${got.length} values out of bounds; worst at [${indexOf(where, want.shape)}]: ` +
        `got ${got[where]}, wanted ${want.data[where]}, off by ${Math.abs(got[where] - want.data[where])}, ` +
        `allowed ${allowed(where)}`,
    );
  }
  return worst;
}
