import type { Size } from './resample.js';

/** The smallest size that holds `size` and whose sides are multiples of `multiple`. */
export const paddedSize = ({ width, height }: Size, multiple: number): Size => ({
  width: Math.ceil(width / multiple) * multiple,
  height: Math.ceil(height / multiple) * multiple,
});

/**
 * Fits [planes, H, W] to another size: grows to the right and below by repeating the last column and row, or cuts there.
 * The top left stays in place, so fitting back undoes it. Repeating rather than reflecting: it works however small the
 * picture is, and what touches the border simply goes on, so that no mirrored object and no instance edge appears that
 * nobody drew.
 */
export function fitPlanes<T extends Int32Array | Float32Array>(data: T, from: Size, to: Size): T {
  if (from.width === to.width && from.height === to.height) return data;
  const area = from.width * from.height;
  const planes = data.length / area;
  const out = new (data.constructor as new (length: number) => T)(planes * to.width * to.height);
  const kept = Math.min(from.width, to.width);
  for (let row = 0, at = 0; row < planes * to.height; row++, at += to.width) {
    const y = Math.min(row % to.height, from.height - 1);
    const start = Math.floor(row / to.height) * area + y * from.width;
    out.set(data.subarray(start, start + kept), at);
    out.fill(data[start + from.width - 1], at + kept, at + to.width);
  }
  return out;
}
