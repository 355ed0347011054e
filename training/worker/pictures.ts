// Pictures of a data set that has no folder: PNG by the project's own decoder, other formats by the browser's.

import { type Decoder, decodeImage, type ReadImage } from '../../src/data/decode.js';
import { checkSize } from '../../src/data/image.js';
import { DataError, MissingFileError } from '../../src/errors.js';

/** Colour profiles are left aside, as in Node. */
const AS_STORED: ImageBitmapOptions = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' };

const decodeWithBrowser: Decoder = async (bytes, path, limits) => {
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), AS_STORED).catch((cause) => {
    throw new DataError('cannot be decoded by this browser', { file: path, fix: 'Save it as PNG', cause });
  });
  const { width, height } = bitmap;
  checkSize(path, width, height, limits);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, depth: 8, data: rgb, exact: false, notes: [], path };
};

/** Reads pictures whose bytes `bytesOf` has. */
export const pictureReader =
  (bytesOf: (path: string) => Promise<Uint8Array | undefined>): ReadImage =>
  async (path, limits = {}) => {
    const bytes = await bytesOf(path);
    if (!bytes) throw new MissingFileError('no such picture', { file: path, fix: 'Start a new run with all pictures' });
    return decodeImage(bytes, path, limits, decodeWithBrowser);
  };
