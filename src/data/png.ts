import { Unzlib, zlibSync } from 'fflate';
import { DataError } from '../errors.js';
import { concatBytes } from '../formats/bytes.js';
import { crc32 } from '../formats/crc32.js';
import { checkSize, type Image, type Limits } from './image.js';
import { type RowLayout, rawSize, rowsOf, samplesOf } from './png-rows.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PALETTE = 3;
/** Channels and allowed bit depths by colour type. */
const COLOURS = new Map([
  [0, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { channels: 3, depths: [8, 16] }],
  [PALETTE, { channels: 1, depths: [1, 2, 4, 8] }],
  [4, { channels: 2, depths: [8, 16] }],
  [6, { channels: 4, depths: [8, 16] }],
]);

/** Deflate expands at most 1032-fold: a promise beyond that is refused before the memory for it is taken. */
const MAX_RATIO = 1032;

type Header = RowLayout & { colour: number };

const damaged = (path: string, problem: string, cause?: unknown) =>
  new DataError(`damaged PNG: ${problem}`, { file: path, fix: 'Copy or save the picture again', cause });

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

/** A PNG whose pixels are still packed. */
export interface PackedPng {
  /** One zlib stream. */
  parts: Uint8Array[];
  /** Bytes that it must unpack to. */
  size: number;
  image(raw: Uint8Array): Image;
}

/** What `decodePng` does before and after decompressing, for who brings a decompressor. @throws DataError */
export function openPng(bytes: Uint8Array, path = 'PNG', limits: Limits = {}): PackedPng {
  const header = readHeader(bytes, path);
  const { width, height, depth, channels } = header;
  checkSize(path, width, height, limits);
  const { parts, palette } = readChunks(bytes, path);
  if (header.colour === PALETTE && !palette) throw damaged(path, 'the palette is missing');
  const size = rawSize(header);
  const packed = parts.reduce((sum, part) => sum + part.length, 0);
  if (packed * MAX_RATIO < size)
    throw damaged(path, `${packed} bytes cannot hold the ${size} that the header promises`);
  const image = (raw: Uint8Array): Image => ({
    width,
    height,
    channels,
    depth,
    data: samplesIn(raw, header, path),
    palette: header.colour === PALETTE ? palette : undefined,
    exact: true,
    notes: header.interlaced ? ['is interlaced, which makes it larger and slower to read'] : [],
    path,
  });
  return { parts, size, image };
}

/**
 * Decodes a PNG of 1 to 16 bits, grey, RGB, with alpha or palette (kept as indices). Header, chunk lengths and CRCs are
 * checked before anything is decompressed, and decompression stops at the size that the header promises, so that neither
 * a false header nor a bomb costs memory. Colour profiles, gamma and text are left aside, as Pillow does. Throws DataError.
 */
export function decodePng(bytes: Uint8Array, path = 'PNG', limits: Limits = {}): Image {
  const { parts, size, image } = openPng(bytes, path, limits);
  return image(inflate(parts, size, path));
}

function samplesIn(raw: Uint8Array, header: Header, path: string): Image['data'] {
  try {
    return samplesOf(raw, header);
  } catch (error) {
    throw damaged(path, `unknown ${(error as Error).message}`, error);
  }
}

function readHeader(bytes: Uint8Array, path: string): Header {
  if (!isPng(bytes)) throw damaged(path, 'the PNG signature is missing');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452)
    throw damaged(path, 'no IHDR');
  const [depth, colour, compression, filter, interlace] = bytes.subarray(24, 29);
  const kind = COLOURS.get(colour);
  if (!kind?.depths.includes(depth)) throw damaged(path, `colour type ${colour} with ${depth} bits`);
  if (compression || filter || interlace > 1) throw damaged(path, 'an unknown compression, filter or interlace method');
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  return { ...size, depth, colour, channels: kind.channels, interlaced: interlace === 1 };
}

type Chunks = { parts: Uint8Array[]; palette?: number[][] };

/** Collects what the pixels need. Ancillary chunks (lower-case first letter) are skipped, unknown critical ones refused. */
function readChunks(bytes: Uint8Array, path: string): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunks = { parts: [] };
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw damaged(path, 'it is cut short');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (length > bytes.length - at - 12) throw damaged(path, `it is cut short inside ${type}`);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw damaged(path, `${type} fails its CRC`);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IDAT') chunks.parts.push(data);
    else if (type === 'PLTE') chunks.palette = coloursOf(data, path);
    else if (type === 'IEND') return chunks;
    else if (type !== 'IHDR' && type[0] < 'a') throw damaged(path, `unknown chunk ${type}`);
    at += 12 + length;
  }
}

function coloursOf(data: Uint8Array, path: string): number[][] {
  if (data.length % 3 > 0) throw damaged(path, `a palette of ${data.length} bytes`);
  return Array.from({ length: data.length / 3 }, (_, i) => [...data.subarray(3 * i, 3 * i + 3)]);
}

/** What is given to the decompressor at once, so that it cannot run ahead of the check by more than 16 MB. */
const STEP = 1 << 14;

/** Takes what a decompressor gives, and no more than was promised. */
export function collectRaw(size: number, path: string) {
  const raw = new Uint8Array(size);
  let filled = 0;
  return {
    add(chunk: Uint8Array) {
      if (chunk.length > size - filled)
        throw damaged(path, `it holds more than the ${size} bytes that the header promises`);
      raw.set(chunk, filled);
      filled += chunk.length;
    },
    fail: (error: unknown) =>
      error instanceof DataError ? error : damaged(path, 'the pixel data cannot be decompressed', error),
    all() {
      if (filled !== size) throw damaged(path, `it holds ${filled} of ${size} bytes`);
      return raw;
    },
  };
}

function inflate(parts: Uint8Array[], size: number, path: string): Uint8Array {
  const { add, fail, all } = collectRaw(size, path);
  const stream = new Unzlib(add);
  try {
    for (const part of parts) for (let at = 0; at < part.length; at += STEP) stream.push(part.subarray(at, at + STEP));
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    throw fail(error);
  }
  return all();
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = concatBytes([new Uint8Array(4), latin1(type), data, new Uint8Array(4)]);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Samples to encode: 8-bit or, given a Uint16Array, 16-bit; with `palette` (RGB triples) the data are indices. */
export type PngInput = {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array | Uint16Array;
  palette?: number[][];
  /** Latin-1, by keyword. */
  text?: Record<string, string>;
};

/** Encodes a PNG; the same input always gives the same bytes. */
export function encodePng(input: PngInput): Uint8Array {
  const { width, height, channels, data } = input;
  if (data.length !== width * height * channels)
    throw new RangeError(`encodePng: got ${data.length} samples, wanted ${width} × ${height} × ${channels}`);
  return packedPng(input, zlibSync(rowsOf(data, height), { level: 6 }));
}

/** A PNG around its rows (`rowsOf`), which are packed already. */
export function packedPng(input: PngInput, rows: Uint8Array): Uint8Array<ArrayBuffer> {
  const { width, height, channels, data, palette, text = {} } = input;
  const colour = palette ? PALETTE : [0, 4, 2, 6][channels - 1];
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([data instanceof Uint16Array ? 16 : 8, colour], 8);
  return concatBytes([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    chunk('IDAT', rows),
    ...Object.entries(text).map(([keyword, value]) => chunk('tEXt', latin1(`${keyword}\0${value}`))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
