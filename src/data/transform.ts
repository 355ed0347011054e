import { DataError } from '../errors.js';
import { resizeBicubic, resizeNearest, type Size } from './resample.js';
import { below, type Rng, uniform } from './rng.js';

/** The reference's `--resize_or_crop` values. */
export const RESIZE_OR_CROP = ['scale_width', 'scale_width_and_crop', 'resize_and_crop', 'crop', 'none'] as const;
export type ResizeOrCrop = (typeof RESIZE_OR_CROP)[number];

export type GeometryOptions = {
  resizeOrCrop: ResizeOrCrop;
  loadSize: number;
  fineSize: number;
  /** Side that `none` rounds to: 2^n_downsample_global, times 2^n_local_enhancers for the local net. */
  multiple: number;
  noFlip: boolean;
};

/** What is done to every picture of one sample: resize to `resized`, cut the window, mirror. `size` is what comes out. */
export type Geometry = { from: Size; resized: Size; x: number; y: number; size: Size; flip: boolean };

/** Python's round(): ties go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

type Resize = (from: Size, options: GeometryOptions) => Size;

const scaleWidth: Resize = ({ width, height }, { loadSize }) => ({
  width: loadSize,
  height: width === loadSize ? height : Math.trunc((loadSize * height) / width),
});
const toSquare: Resize = (_, { loadSize }) => ({ width: loadSize, height: loadSize });
const toMultiple: Resize = ({ width, height }, { multiple }) => ({
  width: roundHalfEven(width / multiple) * multiple,
  height: roundHalfEven(height / multiple) * multiple,
});
const keep: Resize = (from) => from;

const MODES: Record<ResizeOrCrop, { resize: Resize; crop: boolean }> = {
  scale_width: { resize: scaleWidth, crop: false },
  scale_width_and_crop: { resize: scaleWidth, crop: true },
  resize_and_crop: { resize: toSquare, crop: true },
  crop: { resize: keep, crop: true },
  none: { resize: toMultiple, crop: false },
};

/**
 * Draws the geometry of one sample: crop column, crop row, mirroring, always in that order, so that the stream of `rng`
 * does not depend on the mode. A side shorter than fineSize is filled with zeros (id 0, black), unless both are.
 */
export function drawGeometry(from: Size, options: GeometryOptions, rng: Rng, file: string): Geometry {
  const { resize, crop } = MODES[options.resizeOrCrop];
  const { fineSize } = options;
  const resized = resize(from, options);
  if (resized.width < 1 || resized.height < 1) {
    const fix = 'Use larger pictures or another --resize-or-crop';
    throw new DataError(`${from.width}×${from.height} becomes ${resized.width}×${resized.height}`, { file, fix });
  }
  const x = below(rng, Math.max(0, resized.width - fineSize) + 1);
  const y = below(rng, Math.max(0, resized.height - fineSize) + 1);
  const flip = uniform(rng) > 0.5 && !options.noFlip;
  const cuts = crop && (resized.width > fineSize || resized.height > fineSize);
  if (!cuts) return { from, resized, x: 0, y: 0, size: resized, flip };
  return { from, resized, x, y, size: { width: fineSize, height: fineSize }, flip };
}

/** Cuts the window out of interleaved samples and mirrors it; what lies outside is 0. */
function cut<T extends Uint8Array | Int32Array>(
  data: T,
  { resized, x: x0, y: y0, size, flip }: Geometry,
  channels: number,
): T {
  const whole = size.width === resized.width && size.height === resized.height;
  if (whole && !flip) return data;
  const out = new (data.constructor as new (length: number) => T)(size.width * size.height * channels);
  const columns = Math.min(size.width, resized.width - x0);
  const rows = Math.min(size.height, resized.height - y0);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const from = ((y0 + y) * resized.width + x0 + x) * channels;
      const to = (y * size.width + (flip ? size.width - 1 - x : x)) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c];
    }
  }
  return out;
}

/** For label, instance and feature maps: nearest neighbour, which never makes a new value. */
export const transformIds = <T extends Uint8Array | Int32Array>(data: T, geometry: Geometry, channels = 1): T =>
  cut(resizeNearest(data, geometry.from, geometry.resized, channels), geometry, channels);

/** For photos, interleaved RGB: bicubic. */
export const transformPhoto = (rgb: Uint8Array, geometry: Geometry): Uint8Array =>
  cut(resizeBicubic(rgb, geometry.from, geometry.resized, 3), geometry, 3);
