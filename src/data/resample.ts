/**
 * Resizing that gives Pillow's bytes, so that a net sees the same pixels as under the reference. Both functions take
 * interleaved samples and a size of the input and of the output.
 */
export type Size = { width: number; height: number };

/** Any array of samples; nearest neighbour only moves them. */
type Samples = Uint8Array | Uint16Array | Int32Array | Float32Array;

/**
 * Source index per output index. Pillow steps through the source in double precision, adding the scale each time:
 * floor((i + 0.5)·scale) differs from that in ties.
 */
function nearestIndices(from: number, to: number): Int32Array {
  const scale = from / to;
  const indices = new Int32Array(to);
  for (let i = 0, at = scale * 0.5; i < to; i++, at += scale) indices[i] = Math.min(Math.trunc(at), from - 1);
  return indices;
}

/** Nearest neighbour (PIL.Image.NEAREST), for everything that holds ids. Returns the input itself when nothing changes. */
export function resizeNearest<T extends Samples>(data: T, from: Size, to: Size, channels = 1): T {
  if (from.width === to.width && from.height === to.height) return data;
  const columns = nearestIndices(from.width, to.width);
  const rows = nearestIndices(from.height, to.height);
  const out = new (data.constructor as new (length: number) => T)(to.width * to.height * channels);
  let at = 0;
  for (const y of rows) {
    for (const x of columns) {
      const source = (y * from.width + x) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[source + c];
    }
  }
  return out;
}

/** Catmull-Rom: the cubic with a = −0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/** Fixed point with 22 fraction bits, as Pillow sums 8-bit samples. */
const PRECISION = 22;

/** For output i: taps `first[i]` … `first[i] + count[i]` of the input with integer weights from `weights[i·stride]` on. */
type Taps = { first: Int32Array; count: Int32Array; weights: Int32Array; stride: number };

/** When shrinking the filter widens with the scale, so that every input pixel counts: no aliasing. */
function bicubicTaps(from: number, to: number): Taps {
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = 2 * widened;
  const stride = Math.ceil(support) * 2 + 1;
  const taps = { first: new Int32Array(to), count: new Int32Array(to), weights: new Int32Array(to * stride), stride };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const high = Math.min(Math.trunc(centre + support + 0.5), from);
    const weights = Array.from({ length: high - low }, (_, x) => cubic((x + low - centre + 0.5) * (1 / widened)));
    const sum = weights.reduce((a, b) => a + b, 0);
    taps.first[i] = low;
    taps.count[i] = high - low;
    taps.weights.set(
      weights.map((weight) => toFixed(weight / sum)),
      i * stride,
    );
  }
  return taps;
}

/** Rounds half away from zero. */
const toFixed = (weight: number): number => Math.trunc(weight * 2 ** PRECISION + (weight < 0 ? -0.5 : 0.5));

/**
 * One pass: the samples are `outer` × `from` × `inner`, the middle axis changes its length. Across a row inner = channels,
 * down a column inner = width·channels. Rounds to 8 bits, so the second pass starts from bytes, as in Pillow.
 */
function resampleAxis(data: Uint8Array, taps: Taps, outer: number, from: number, inner: number): Uint8Array {
  const to = taps.first.length;
  const out = new Uint8Array(outer * to * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < to; i++) {
      const start = (o * from + taps.first[i]) * inner;
      for (let n = 0; n < inner; n++) out[at++] = weightedSum(data, start + n, inner, taps, i);
    }
  }
  return out;
}

function weightedSum(
  data: Uint8Array,
  start: number,
  step: number,
  { weights, count, stride }: Taps,
  i: number,
): number {
  let sum = 1 << (PRECISION - 1);
  for (let k = 0, at = start; k < count[i]; k++, at += step) sum += data[at] * weights[i * stride + k];
  return Math.min(Math.max(sum >> PRECISION, 0), 255);
}

/** Bicubic with anti-aliasing (PIL.Image.BICUBIC on 8-bit samples), for photos: columns first, then rows. */
export function resizeBicubic(data: Uint8Array, from: Size, to: Size, channels: number): Uint8Array {
  let out = data;
  if (from.width !== to.width) {
    out = resampleAxis(out, bicubicTaps(from.width, to.width), from.height, from.width, channels);
  }
  if (from.height !== to.height) {
    out = resampleAxis(out, bicubicTaps(from.height, to.height), 1, from.height, to.width * channels);
  }
  return out;
}
