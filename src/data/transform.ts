import { DataError } from '../errors.js';
import type { Size } from './resample.js';
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
  /** Side that a picture needs, scaled and cut, where a generator is to be trained on it. */
  leastSide?: number;
  noFlip: boolean;
};

/** What is cut out of every picture of one sample once it has its `from` size; `size` is what comes out. */
export type Window = { from: Size; x: number; y: number; size: Size; flip: boolean };

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

/** The size that a picture of `from` is brought to. Throws DataError where nothing is left of it. */
export function resizedSize(from: Size, options: GeometryOptions, file: string): Size {
  const resized = MODES[options.resizeOrCrop].resize(from, options);
  if (resized.width >= 1 && resized.height >= 1) return resized;
  const fix = 'Use larger pictures or another --resize-or-crop';
  throw new DataError(`${from.width}×${from.height} becomes ${resized.width}×${resized.height}`, { file, fix });
}

/** Whether a picture of that size is cropped. */
export const isCropped = ({ width, height }: Size, { resizeOrCrop, fineSize }: GeometryOptions): boolean =>
  MODES[resizeOrCrop].crop && (width > fineSize || height > fineSize);

/**
 * Draws the window of one sample: crop column, crop row, mirroring, always in that order, so that the stream of `rng`
 * does not depend on the mode. A side shorter than fineSize is filled with zeros (id 0, black), unless both are.
 */
export function drawWindow(from: Size, options: GeometryOptions, rng: Rng): Window {
  const { fineSize, noFlip } = options;
  const x = below(rng, Math.max(0, from.width - fineSize) + 1);
  const y = below(rng, Math.max(0, from.height - fineSize) + 1);
  const flip = uniform(rng) > 0.5 && !noFlip;
  if (!isCropped(from, options)) return { from, x: 0, y: 0, size: from, flip };
  return { from, x, y, size: { width: fineSize, height: fineSize }, flip };
}

/** Draws where a picture that was enlarged is cut back to the size `to`, and mirroring. */
export function drawCut(from: Size, to: Size, { noFlip }: GeometryOptions, rng: Rng): Window {
  const x = below(rng, from.width - to.width + 1);
  const y = below(rng, from.height - to.height + 1);
  return { from, x, y, size: to, flip: uniform(rng) > 0.5 && !noFlip };
}

/** Cuts the window out of interleaved samples and mirrors it; what lies outside is 0. */
export function cutWindow<T extends Uint8Array | Int32Array>(data: T, window: Window, channels = 1): T {
  const { from, x: x0, y: y0, size, flip } = window;
  if (size.width === from.width && size.height === from.height && !flip) return data;
  const out = new (data.constructor as new (length: number) => T)(size.width * size.height * channels);
  const columns = Math.min(size.width, from.width - x0);
  const rows = Math.min(size.height, from.height - y0);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const source = ((y0 + y) * from.width + x0 + x) * channels;
      const to = (y * size.width + (flip ? size.width - 1 - x : x)) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[source + c];
    }
  }
  return out;
}

/** Whether a generator can take a picture of this size, once scaled. @throws DataError */
export function checkSide(
  { width, height }: Size,
  least: number,
  { resizeOrCrop, fineSize }: Pick<GeometryOptions, 'resizeOrCrop' | 'fineSize'>,
  file: string,
): void {
  const cropped = resizeOrCrop.includes('crop') ? fineSize : Number.POSITIVE_INFINITY;
  if (Math.min(width, height, cropped) >= least) return;
  const fix = 'Use larger pictures, a larger --load-size or --fine-size, or a smaller --n-downsample-global';
  throw new DataError(`${width}×${height} pixels after scaling, the generator needs sides of ${least}`, { file, fix });
}
