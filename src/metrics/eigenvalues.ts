// Eigenvalues of symmetric matrices: Householder's reflections to three diagonals, then QL with implicit shifts (Golub & Van Loan, "Matrix
// Computations", sections 8.3.1 and 8.3.3).

interface Tridiagonal {
  diagonal: Float64Array;
  /** Beside it, one element shorter. */
  beside: Float64Array;
}

const squares = (x: Float64Array): number => x.reduce((sum, value) => sum + value * value, 0);

/** Puts v with (I − factor·vvᵀ) x = left·e₁ in place of x. */
function reflect(x: Float64Array): { left: number; factor: number } {
  const length = Math.sqrt(squares(x));
  if (length === 0) return { left: 0, factor: 0 };
  const left = x[0]! > 0 ? -length : length;
  x[0]! -= left;
  return { left, factor: 2 / squares(x) };
}

/** Rows from `first` on of the lower half: A − vwᵀ − wvᵀ, with v and w counted from there. */
function subtract(rows: Float64Array[], first: number, v: Float64Array, w: Float64Array): void {
  for (let i = 0; i < v.length; i++) {
    const [row, vi, wi] = [rows[first + i]!, v[i]!, w[i]!];
    for (let j = 0; j <= i; j++) row[first + j]! -= vi * w[j]! + wi * v[j]!;
  }
}

/** A·v for the symmetric matrix whose lower half stands in the rows from `first` on. */
function multiply(rows: readonly Float64Array[], first: number, v: Float64Array): Float64Array {
  const out = new Float64Array(v.length);
  for (let i = 0; i < v.length; i++) {
    const row = rows[first + i]!;
    let total = row[first + i]! * v[i]!;
    for (let j = 0; j < i; j++) {
      total += row[first + j]! * v[j]!;
      out[j]! += row[first + j]! * v[i]!;
    }
    out[i]! += total;
  }
  return out;
}

function tridiagonal(matrix: readonly Float64Array[]): Tridiagonal {
  const rows = matrix.map((row) => row.slice());
  const size = rows.length;
  const beside = new Float64Array(Math.max(0, size - 1));
  for (let k = 0; k < size - 1; k++) {
    const v = Float64Array.from({ length: size - 1 - k }, (_, i) => rows[k + 1 + i]![k]!);
    const { left, factor } = reflect(v);
    beside[k] = left;
    if (factor === 0) continue;
    const p = multiply(rows, k + 1, v).map((value) => factor * value);
    const share = (factor / 2) * p.reduce((s, value, i) => s + value * v[i]!, 0);
    subtract(
      rows,
      k + 1,
      v,
      p.map((value, i) => value - share * v[i]!),
    );
  }
  return { diagonal: Float64Array.from(rows, (row, i) => row[i]!), beside };
}

/** One sweep from `end` down to `start`: a rotation pushes the shift's bulge through, element by element. */
function sweep({ diagonal: d, beside: e }: Tridiagonal, start: number, end: number): void {
  const half = (d[start + 1]! - d[start]!) / (2 * e[start]!);
  const root = Math.hypot(half, 1);
  let g = d[end]! - d[start]! + e[start]! / (half + (half < 0 ? -root : root));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = end - 1; i >= start; i--) {
    const [f, b] = [sine * e[i]!, cosine * e[i]!];
    const r = Math.hypot(f, g);
    if (i + 1 < end) e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= moved;
      return;
    }
    [sine, cosine] = [f / r, g / r];
    const from = d[i + 1]! - moved;
    const turned = (d[i]! - from) * sine + 2 * cosine * b;
    moved = sine * turned;
    d[i + 1] = from + moved;
    g = cosine * turned - b;
  }
  d[start]! -= moved;
  e[start] = g;
}

/** Two or three are usual. What is no number never gets small. */
const MOST_SWEEPS = 60;

/** All eigenvalues of a symmetric matrix of which the lower half is read, in no order. */
export function symmetricEigenvalues(matrix: readonly Float64Array[]): Float64Array {
  const form = tridiagonal(matrix);
  const { diagonal: d, beside: e } = form;
  const isNothing = (i: number) => Math.abs(e[i]!) <= Number.EPSILON * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
  for (let start = 0; start < d.length; start++) {
    for (let turn = 0; turn < MOST_SWEEPS; turn++) {
      let end = start;
      while (end < d.length - 1 && !isNothing(end)) end++;
      if (end === start) break;
      sweep(form, start, end);
    }
  }
  return d;
}
