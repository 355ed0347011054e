/**
 * The float64 twin: every op of the engine again, as textbook loops over plain arrays. It is the oracle of the kernels,
 * so it shares no index code with them and prefers the slow clear form; it is itself held to the golden vectors and to
 * central differences (twin.host.test.ts).
 */

/** A dense array in C order. Ids are whole numbers in the same form. */
export type Arr = { shape: number[]; data: Float64Array };
export type Operand = Arr | number;
/** Height and width, or one number for both. */
export type Pair = number | [number, number];
/** One number for all four sides, [h, w], or [top, left, bottom, right]. */
export type Padding = number | [number, number] | [number, number, number, number];

export const sizeOf = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);

export function arr(shape: number[], data?: ArrayLike<number>): Arr {
  if (data && data.length !== sizeOf(shape)) {
    throw new Error(`twin: ${data.length} values for shape [${shape}], wanted ${sizeOf(shape)}`);
  }
  return { shape: [...shape], data: data ? Float64Array.from(data) : new Float64Array(sizeOf(shape)) };
}

export const scalar = (value: number): Arr => arr([], [value]);

export const toArr = (x: Operand): Arr => (typeof x === 'number' ? scalar(x) : x);

export const map = (x: Arr, f: (value: number, i: number) => number): Arr => ({
  shape: [...x.shape],
  data: x.data.map(f),
});

/** |x| element by element; the error bounds run the twin on it. */
export const absolute = (x: Arr): Arr => map(x, Math.abs);

/** Every index of `shape` in C order. The array is fresh each time. */
export function* indices(shape: number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let i = sizeOf(shape); i > 0; i--) {
    yield [...index];
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]++;
      if (index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
}

export const offsetOf = (shape: number[], index: number[]): number =>
  shape.reduce((offset, n, d) => offset * n + index[d], 0);

export const at = (x: Arr, index: number[]): number => x.data[offsetOf(x.shape, index)];

/** −1 is the last axis, as in torch. */
export const positiveAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export const pairOf = (x: Pair): [number, number] => (typeof x === 'number' ? [x, x] : x);

export function sidesOf(padding: Padding): { top: number; left: number; bottom: number; right: number } {
  const [top, left, bottom, right] =
    typeof padding === 'number'
      ? [padding, padding, padding, padding]
      : padding.length === 2
        ? [...padding, ...padding]
        : padding;
  return { top, left, bottom, right };
}

/** Mirrors without repeating the edge: −1 → 1, n → n−2. */
export function mirror(i: number, n: number): number {
  if (i < 0) return -i;
  return i >= n ? 2 * (n - 1) - i : i;
}
