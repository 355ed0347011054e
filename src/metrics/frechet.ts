// The distance of two sets of vectors, each taken for a normal distribution.

import { symmetricEigenvalues } from './eigenvalues.js';

type Rows = readonly ArrayLike<number>[];

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function meanOf(rows: Rows): Float64Array {
  const mean = new Float64Array(rows[0]!.length);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i]! += row[i]! / rows.length;
  return mean;
}

/** Rows X with XᵀX the covariance: each vector less the mean, by √(n − 1). */
function centred(rows: Rows, mean: Float64Array): Float64Array[] {
  const by = Math.sqrt(rows.length - 1);
  return rows.map((row) => mean.map((m, i) => (row[i]! - m) / by));
}

/** As many rows as columns with the same XᵀX: Cholesky's triangle, where a direction without extent has a row of zeros. */
function triangle(rows: readonly Float64Array[]): Float64Array[] {
  const size = rows[0]!.length;
  const columns = Array.from({ length: size }, (_, c) => Float64Array.from(rows, (row) => row[c]!));
  const upper = columns.map(() => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    const above = (c: number) => {
      let total = 0;
      for (let k = 0; k < i; k++) total += upper[k]![i]! * upper[k]![c]!;
      return total;
    };
    const whole = dot(columns[i]!, columns[i]!);
    const left = whole - above(i);
    if (left <= 1e-12 * whole) continue;
    for (let c = i; c < size; c++) upper[i]![c] = (dot(columns[i]!, columns[c]!) - above(c)) / Math.sqrt(left);
  }
  return upper;
}

const short = (rows: Float64Array[]): Float64Array[] => (rows.length > rows[0]!.length ? triangle(rows) : rows);

/**
 * Trace of the root of the product of two covariances XᵀX and YᵀY: the sum of the singular values of XYᵀ, since (XᵀX)(YᵀY) has the
 * eigenvalues of (XYᵀ)(XYᵀ)ᵀ. So a few pictures need a small matrix, whatever the number of features.
 */
function rootTrace(x: Float64Array[], y: Float64Array[]): number {
  const [few, many] = x.length <= y.length ? [x, y] : [y, x];
  const products = few.map((a) => Float64Array.from(many, (b) => dot(a, b)));
  const squares = products.map((a) => Float64Array.from(products, (b) => dot(a, b)));
  return sum(symmetricEigenvalues(squares).map((value) => Math.sqrt(Math.max(0, value))));
}

/**
 * Fréchet distance of two sets of vectors: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), with covariances by n − 1 (Heusel et al., "GANs Trained
 * by a Two Time-Scale Update Rule", 2017, equation 6). NaN where a set has less than two.
 */
export function frechetDistance(a: Rows, b: Rows): number {
  if (a.length < 2 || b.length < 2) return Number.NaN;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  const between = meanA.map((m, i) => m - meanB[i]!);
  const [x, y] = [centred(a, meanA), centred(b, meanB)];
  const traces = [...x, ...y].reduce((total, row) => total + dot(row, row), 0);
  return dot(between, between) + traces - 2 * rootTrace(short(x), short(y));
}
