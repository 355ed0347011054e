import { decode, encode } from 'fast-png';
import { Unzlib } from 'fflate';
import { DataError } from '../errors.js';
import { concatBytes } from '../formats/bytes.js';
import { crc32 } from '../formats/crc32.js';
import { checkSize, type Image, type Limits } from './image.js';

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

type Header = { width: number; height: number; depth: number; colour: number; channels: number; interlaced: boolean };

const damaged = (path: string, problem: string, cause?: unknown) =>
  new DataError(`damaged PNG: ${problem}`, { file: path, fix: 'Copy or save the picture again', cause });

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

/**
 * Decodes a PNG of 1 to 16 bits, grey, RGB, with alpha or palette (kept as indices). Header, chunk lengths and CRCs are
 * checked before anything is decompressed, and decompression stops at the size that the header promises, so that neither
 * a false header nor a bomb costs memory. Colour profiles, gamma and text are left aside, as Pillow does. Throws DataError.
 */
export function decodePng(bytes: Uint8Array, path = 'PNG', limits: Limits = {}): Image {
  const header = readHeader(bytes, path);
  const { width, height, depth, channels } = header;
  checkSize(path, width, height, limits);
  if (header.interlaced && depth < 8) {
    throw new DataError(`an interlaced PNG of ${depth} bits`, { file: path, fix: 'Save it without interlacing' });
  }
  const chunks = readChunks(bytes, path);
  const raw = inflate(chunks.IDAT, rawSize(header), path);
  const { data, palette } = unfilter(chunks, raw, path);
  const samples = depth < 8 ? unpack(data as Uint8Array, width, height, depth) : (data as Uint8Array | Uint16Array);
  const notes = header.interlaced ? ['is interlaced, which makes it larger and slower to read'] : [];
  return { width, height, channels, depth, data: samples, palette, exact: true, notes, path };
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

type Chunks = { IHDR: Uint8Array; PLTE?: Uint8Array; IDAT: Uint8Array[] };

/** Collects what the pixels need. Ancillary chunks (lower-case first letter) are skipped, unknown critical ones refused. */
function readChunks(bytes: Uint8Array, path: string): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunks = { IHDR: bytes.subarray(16, 29), IDAT: [] };
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw damaged(path, 'it is cut short');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (length > bytes.length - at - 12) throw damaged(path, `it is cut short inside ${type}`);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw damaged(path, `${type} fails its CRC`);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IDAT') chunks.IDAT.push(data);
    else if (type === 'PLTE') chunks.PLTE = data;
    else if (type === 'IEND') return chunks;
    else if (type !== 'IHDR' && type[0] < 'a') throw damaged(path, `unknown chunk ${type}`);
    at += 12 + length;
  }
}

/** Adam7: first column and row of each pass, and its steps. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Bytes that the pixel data must decompress to: each row has one filter byte in front. */
function rawSize({ width, height, depth, channels, interlaced }: Header): number {
  const size = (columns: number, rows: number) =>
    columns ? rows * (1 + Math.ceil((columns * channels * depth) / 8)) : 0;
  if (!interlaced) return size(width, height);
  const passes = PASSES.map(([x, y, dx, dy]) => size(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)));
  return passes.reduce((a, b) => a + b, 0);
}

/** Deflate expands at most 1032-fold: a promise beyond that is refused before the memory for it is taken. */
const MAX_RATIO = 1032;
/** What is given to the decompressor at once, so that it cannot run ahead of the check by more than 16 MB. */
const STEP = 1 << 14;

function inflate(parts: Uint8Array[], size: number, path: string): Uint8Array {
  const packed = parts.reduce((sum, part) => sum + part.length, 0);
  if (packed * MAX_RATIO < size)
    throw damaged(path, `${packed} bytes cannot hold the ${size} that the header promises`);
  const raw = new Uint8Array(size);
  let filled = 0;
  const stream = new Unzlib((chunk) => {
    if (chunk.length > size - filled)
      throw damaged(path, `it holds more than the ${size} bytes that the header promises`);
    raw.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (const part of parts) for (let at = 0; at < part.length; at += STEP) stream.push(part.subarray(at, at + STEP));
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    throw error instanceof DataError ? error : damaged(path, 'the pixel data cannot be decompressed', error);
  }
  if (filled !== size) throw damaged(path, `it holds ${filled} of ${size} bytes`);
  return raw;
}

/** fast-png undoes filters and interlacing; it gets the checked data again, wrapped without compression. */
function unfilter({ IHDR, PLTE }: Chunks, raw: Uint8Array, path: string): Pick<Image, 'palette'> & { data: unknown } {
  const parts = [Uint8Array.from(SIGNATURE), chunk('IHDR', [IHDR])];
  if (PLTE) parts.push(chunk('PLTE', [PLTE]));
  parts.push(chunk('IDAT', stored(raw)), chunk('IEND', []));
  try {
    const { data, palette } = decode(concatBytes(parts));
    if (IHDR[9] === PALETTE && !palette) throw damaged(path, 'the palette is missing');
    return { data, palette: IHDR[9] === PALETTE ? palette : undefined };
  } catch (error) {
    throw error instanceof DataError ? error : damaged(path, (error as Error).message, error);
  }
}

function chunk(type: string, parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const data = concatBytes(parts);
  const out = new Uint8Array(12 + data.length); // the last four bytes are the CRC, which fast-png is not asked to check
  new DataView(out.buffer).setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  return out;
}

/** A zlib stream of stored blocks (65,535 bytes at most each), without the checksum at the end that fflate ignores. */
function stored(raw: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let at = 0; at < raw.length; at += 65535) {
    const block = raw.subarray(at, at + 65535);
    const last = at + block.length === raw.length ? 1 : 0;
    parts.push(
      Uint8Array.of(last, block.length & 255, block.length >> 8, ~block.length & 255, (~block.length >> 8) & 255),
      block,
    );
  }
  return [...parts, new Uint8Array(4)];
}

/** Rows of 1, 2 or 4 bits, high bits first, each row starting on a byte → one sample a byte. */
function unpack(packed: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const out = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const bit = x * depth;
      out[at] = (packed[y * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return out;
}

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
export function encodePng({ width, height, channels, data, palette, text }: PngInput): Uint8Array {
  const depth = data instanceof Uint16Array ? 16 : 8;
  return encode({ width, height, channels, data, depth, palette, text }, { zlib: { level: 6 } });
}
