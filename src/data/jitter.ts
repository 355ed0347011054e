// Augmentation beyond crops and mirroring: pictures a little larger, photos in a little other colours.

import { resizeBicubic, resizeNearest, type Size } from './resample.js';
import { type Rng, uniform } from './rng.js';
import type { PreparedSample } from './sample.js';

export type JitterOptions = {
  /** Pictures are enlarged by up to this share of themselves; 0: not. */
  scaleJitter?: number;
  /** Brightness, contrast and saturation of the photo change by up to this share, as torchvision's ColorJitter does it. */
  colorJitter?: number;
};

/** A sample enlarged by a factor that `rng` draws: ids by the nearest, colours by bicubic interpolation. */
export function enlarged({ paths, size, pictures }: PreparedSample, jitter: number, rng: Rng): PreparedSample {
  const factor = 1 + jitter * uniform(rng);
  const to: Size = { width: Math.round(size.width * factor), height: Math.round(size.height * factor) };
  const scaled = Object.entries(pictures).map(([name, data]) => {
    const channels = data.length / (size.width * size.height);
    if (data instanceof Int32Array) return [name, resizeNearest(data, size, to)];
    const nearest = name === 'features'; // values of regions, which must not mix
    return [name, nearest ? resizeNearest(data, size, to, channels) : resizeBicubic(data, size, to, channels)];
  });
  return { paths, size: to, pictures: Object.fromEntries(scaled) };
}

const clamped = (value: number): number => Math.min(255, Math.max(0, value));
const LUMA = [0.299, 0.587, 0.114] as const;

/** Grey of the pixel at `i`: its luma, or its one channel. */
const greyAt = (data: Float32Array, i: number, channels: number): number =>
  channels < 3 ? data[i]! : LUMA[0] * data[i]! + LUMA[1] * data[i + 1]! + LUMA[2] * data[i + 2]!;

/** Interleaved 8-bit samples with other brightness, contrast and saturation, drawn in that order; alpha stays. */
export function recoloured(samples: Uint8Array, channels: number, jitter: number, rng: Rng): Uint8Array {
  const factor = () => 1 + jitter * (2 * uniform(rng) - 1);
  const [brightness, contrast, saturation] = [factor(), factor(), factor()];
  const colours = channels - ((channels + 1) % 2);
  const data = Float32Array.from(samples, (value) => clamped(value * brightness));
  let sum = 0;
  for (let i = 0; i < data.length; i += channels) sum += greyAt(data, i, channels);
  const mean = sum / (data.length / channels);
  const out = samples.slice();
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < colours; c++) data[i + c] = clamped(mean + contrast * (data[i + c]! - mean));
    const grey = greyAt(data, i, channels);
    for (let c = 0; c < colours; c++) out[i + c] = Math.round(clamped(grey + saturation * (data[i + c]! - grey)));
  }
  return out;
}
