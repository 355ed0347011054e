import { readFile } from 'node:fs/promises';
import { DataError, fileError, ProjectError, UsageError } from '../errors.js';
import { checkSize, type Image, type Limits, MAX_PIXELS } from './image.js';
import { decodePng, isPng } from './png.js';

type Decoder = (bytes: Uint8Array, path: string, limits: Limits) => Image | Promise<Image>;

const startsWith =
  (text: string, at = 0) =>
  (bytes: Uint8Array) =>
    bytes.length >= at + text.length && [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));

/** The content decides, not the name: a JPEG called .png is a common way to lose label ids without noticing. */
const DECODERS: [matches: (bytes: Uint8Array) => boolean, decode: Decoder][] = [
  [isPng, decodePng],
  [startsWith('\xff\xd8\xff'), decodeWithSharp],
  [startsWith('WEBP', 8), decodeWithSharp],
  [startsWith('II*\0'), decodeWithSharp],
  [startsWith('MM\0*'), decodeWithSharp],
  [startsWith('P5'), decodePnm],
  [startsWith('P6'), decodePnm],
];

/**
 * Reads a picture: PNG and PPM/PGM by own means, JPEG, WebP and TIFF with the optional package `sharp`. Throws
 * MissingFileError, IOError, or DataError for anything that is no such picture, is damaged or over the size limit.
 */
export async function readImage(path: string, limits: Limits = {}): Promise<Image> {
  const bytes = await readFile(path).catch((error) => {
    throw fileError(error, path);
  });
  const decoder = DECODERS.find(([matches]) => matches(bytes))?.[1];
  if (decoder) return decoder(bytes, path, limits);
  const problem = bytes.length === 0 ? 'is empty' : 'is no PNG, JPEG, WebP, TIFF or PPM';
  throw new DataError(problem, { file: path, fix: 'Convert it to PNG' });
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

/** Binary PGM (P5) and PPM (P6) of 8 or, big-endian, 16 bits. */
function decodePnm(bytes: Uint8Array, path: string, limits: Limits): Image {
  const head = String.fromCharCode(...bytes.subarray(0, 1024));
  const match = /^P([56])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(255|65535)\s/.exec(head);
  if (!match) throw new DataError('a PPM header that is not understood (8 or 16 bits, binary)', { file: path });
  const [width, height] = [Number(match[2]), Number(match[3])];
  checkSize(path, width, height, limits);
  const channels = match[1] === '6' ? 3 : 1;
  const depth = match[4] === '255' ? 8 : 16;
  const count = width * height * channels;
  const body = bytes.subarray(match[0].length);
  if (body.length < (count * depth) / 8) {
    throw new DataError(`cut short: ${body.length} of ${(count * depth) / 8} bytes`, {
      file: path,
      fix: 'Copy it again',
    });
  }
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const data =
    depth === 8 ? body.slice(0, count) : Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i));
  return { width, height, channels, depth, data, exact: true, notes: [], path };
}
