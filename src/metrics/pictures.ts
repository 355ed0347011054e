// How near a picture is to another: 8-bit RGB, interleaved.

import type { Size } from '../data/resample.js';

/** Mean squared difference, in levels² of 0…255. */
const meanSquared = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length;

/** 10·log10(255² / mean squared difference) in dB; infinite for pictures that are equal. */
export const psnr = (a: Uint8Array, b: Uint8Array): number => 10 * Math.log10(255 ** 2 / meanSquared(a, b));

const SIDE = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

const WEIGHTS = (() => {
  const raw = Array.from({ length: SIDE }, (_, i) => Math.exp(-((i - (SIDE - 1) / 2) ** 2) / (2 * SIGMA ** 2)));
  const sum = raw.reduce((a, b) => a + b);
  return raw.map((v) => v / sum);
})();

/** Gaussian means of every window that lies whole in the plane, first along rows, then along columns. */
function windowMeans(plane: Float64Array, { width, height }: Size): Float64Array {
  const [w, h] = [width - SIDE + 1, height - SIDE + 1];
  const rows = new Float64Array(w * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += WEIGHTS[k]! * plane[y * width + x + k]!;
      rows[y * w + x] = sum;
    }
  const means = new Float64Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += WEIGHTS[k]! * rows[(y + k) * w + x]!;
      means[y * w + x] = sum;
    }
  return means;
}

/** Luminance as Rec. 601 has it, not rounded. */
const luminance = (rgb: Uint8Array): Float64Array =>
  Float64Array.from(
    { length: rgb.length / 3 },
    (_, i) => 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!,
  );

const product = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v * b[i]!);

/**
 * Structural similarity of the luminances: the mean over all windows of 11×11 pixels, weighted by a Gaussian of σ 1.5, with K₁ 0.01 and
 * K₂ 0.03 (Wang et al., "Image Quality Assessment", 2004; without its optional downsampling). 1 for equal pictures; NaN below 11 pixels.
 */
export function ssim(a: Uint8Array, b: Uint8Array, size: Size): number {
  if (Math.min(size.width, size.height) < SIDE) return Number.NaN;
  const [x, y] = [luminance(a), luminance(b)];
  const means = (plane: Float64Array) => windowMeans(plane, size);
  const [mx, my] = [means(x), means(y)];
  const [xx, yy, xy] = [means(product(x, x)), means(product(y, y)), means(product(x, y))];
  let sum = 0;
  for (let i = 0; i < mx.length; i++) {
    const [p, q] = [mx[i]!, my[i]!];
    const [vx, vy, covariance] = [xx[i]! - p * p, yy[i]! - q * q, xy[i]! - p * q];
    sum += ((2 * p * q + C1) * (2 * covariance + C2)) / ((p * p + q * q + C1) * (vx + vy + C2));
  }
  return sum / mx.length;
}
