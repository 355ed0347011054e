// Pictures from bytes: PNG and PPM by own means, other formats by whoever is there to decode them.

import { DataError } from '../errors.js';
import { checkSize, type Image, type Limits } from './image.js';
import { decodePng, isPng } from './png.js';

/** Decodes a picture; `path` names it in errors. @throws DataError */
export type Decoder = (bytes: Uint8Array, path: string, limits: Limits) => Image | Promise<Image>;

/** Reads and decodes the picture of a path. @throws MissingFileError, IOError, DataError */
export type ReadImage = (path: string, limits?: Limits) => Promise<Image>;

const startsWith =
  (text: string, at = 0) =>
  (bytes: Uint8Array) =>
    bytes.length >= at + text.length && [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));

type Matches = (bytes: Uint8Array) => boolean;

const OWN: readonly [Matches, Decoder][] = [
  [isPng, decodePng],
  [startsWith('P5'), decodePnm],
  [startsWith('P6'), decodePnm],
];

/** JPEG, WebP, TIFF. */
const FOREIGN: readonly Matches[] = [
  startsWith('\xff\xd8\xff'),
  startsWith('WEBP', 8),
  startsWith('II*\0'),
  startsWith('MM\0*'),
];

/**
 * The content decides, not the name: a JPEG called .png is a common way to lose label ids without noticing.
 * @param foreign decodes JPEG, WebP and TIFF @throws DataError for what is no picture, is damaged or over the size limit
 */
export async function decodeImage(bytes: Uint8Array, path: string, limits: Limits, foreign: Decoder): Promise<Image> {
  const own = OWN.find(([matches]) => matches(bytes))?.[1];
  if (own) return own(bytes, path, limits);
  if (FOREIGN.some((matches) => matches(bytes))) return foreign(bytes, path, limits);
  const problem = bytes.length === 0 ? 'is empty' : 'is no PNG, JPEG, WebP, TIFF or PPM';
  throw new DataError(problem, { file: path, fix: 'Convert it to PNG' });
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
