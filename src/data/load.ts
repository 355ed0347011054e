import { readFile } from 'node:fs/promises';
import { DataError, fileError, ProjectError, UsageError } from '../errors.js';
import { decodeImage } from './decode.js';
import { type Image, type Limits, MAX_PIXELS } from './image.js';

/**
 * Reads a picture: PNG and PPM/PGM by own means, JPEG, WebP and TIFF with the optional package `sharp`. Throws
 * MissingFileError, IOError, or DataError for anything that is no such picture, is damaged or over the size limit.
 */
export async function readImage(path: string, limits: Limits = {}): Promise<Image> {
  const bytes = await readFile(path).catch((error) => {
    throw fileError(error, path);
  });
  return decodeImage(bytes, path, limits, decodeWithSharp);
}

async function importSharp(path: string): Promise<typeof import('sharp').default> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    const fix = 'Run `npm install sharp`, or convert the picture to PNG';
    throw new UsageError('JPEG, WebP and TIFF need the optional package sharp', { file: path, fix, cause });
  }
}

/** Neither turned by EXIF nor converted by colour profile: the reference (Pillow) does neither. */
async function decodeWithSharp(bytes: Uint8Array, path: string, { maxPixels = MAX_PIXELS }: Limits): Promise<Image> {
  const sharp = await importSharp(path);
  try {
    const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true });
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    const { orientation = 1 } = await image.metadata();
    const notes = orientation > 1 ? [`asks to be turned (EXIF orientation ${orientation}), which is not done`] : [];
    const { width, height, channels } = info;
    return { width, height, channels, depth: 8, data: new Uint8Array(data), exact: false, notes, path };
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    throw new DataError(`cannot be decoded: ${(error as Error).message}`, {
      file: path,
      fix: 'Save it again',
      cause: error,
    });
  }
}
