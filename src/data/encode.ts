import type { Size } from './resample.js';

/**
 * Instance borders on the host: 1 where the id differs from a neighbour left, right, above or below, else 0. Both sides of
 * a border are marked; the rim of the picture alone is none. Ids and result are [H, W].
 */
export function instanceEdges(ids: Int32Array, { width, height }: Size): Uint8Array {
  const edges = new Uint8Array(ids.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width && ids[i] !== ids[i + 1]) edges[i] = edges[i + 1] = 1;
      if (y + 1 < height && ids[i] !== ids[i + width]) edges[i] = edges[i + width] = 1;
    }
  }
  return edges;
}

/**
 * Planes [channels, H, W] in [-1, 1] → interleaved 8-bit samples, rounded to nearest. `truncate` gives the reference's bytes,
 * which are darker by half a step on average; it too computes in float32. NaN becomes 0.
 */
export function toBytes(planes: Float32Array, { channels = 3, truncate = false } = {}): Uint8Array {
  const area = planes.length / channels;
  const half = truncate ? 0 : 0.5;
  const samples = new Uint8Array(planes.length);
  for (let i = 0, at = 0; i < area; i++) {
    for (let c = 0; c < channels; c++) {
      const value = Math.fround((Math.fround(planes[c * area + i] + 1) / 2) * 255);
      samples[at++] = Math.min(Math.max(value + half, 0), 255);
    }
  }
  return samples;
}
