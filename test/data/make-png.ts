/** A PNG writer with nothing in common with the one under test: every filter, depth and Adam7, and faults on demand. */
import { crc32, deflateSync } from 'node:zlib';

export type Png = {
  width: number;
  height: number;
  depth: number;
  colour: number;
  /** Samples, row after row. */
  samples: ArrayLike<number>;
  palette?: number[][];
  interlaced?: boolean;
  /** Replaces the compressed pixel data. */
  idat?: Uint8Array;
  /** More chunks, put in front of the pixel data. */
  extra?: [type: string, data: Uint8Array][];
};

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const u32 = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);

export function chunk(type: string, data: ArrayLike<number>): number[] {
  const body = [...Buffer.from(type, 'latin1'), ...Array.from(data)];
  return [...u32(data.length), ...body, ...u32(crc32(Uint8Array.from(body)))];
}

/** Samples of one row, packed to bytes. */
function pack(row: number[], depth: number): number[] {
  if (depth === 16) return row.flatMap((v) => [v >> 8, v & 255]);
  const perByte = 8 / depth;
  return Array.from({ length: Math.ceil(row.length / perByte) }, (_, i) => {
    const part = row.slice(i * perByte, (i + 1) * perByte);
    return part.reduce((byte, v, k) => byte | (v << (8 - depth * (k + 1))), 0);
  });
}

function paeth(a: number, b: number, c: number): number {
  const distances = [a, b, c].map((v) => Math.abs(a + b - c - v));
  return [a, b, c][distances.indexOf(Math.min(...distances))];
}

/** Filters the rows of one picture or pass, using types 0 to 4 in turn. */
function filterRows(rows: number[][], bytesPerPixel: number): number[] {
  return rows.flatMap((row, y) => {
    const type = y % 5;
    const at = (line: number[] | undefined, x: number) => line?.[x] ?? 0;
    const predict = (x: number) => {
      const [a, b, c] = [at(row, x - bytesPerPixel), at(rows[y - 1], x), at(rows[y - 1], x - bytesPerPixel)];
      return [0, a, b, (a + b) >> 1, paeth(a, b, c)][type];
    };
    return [type, ...row.map((v, x) => (v - predict(x)) & 255)];
  });
}

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

function pixelData({ width, height, depth, colour, samples, interlaced }: Png): Uint8Array {
  const channels = CHANNELS[colour];
  const pass = ([x0, y0, dx, dy]: number[]) => {
    const rows: number[][] = [];
    for (let y = y0; y < height; y += dy) {
      const row: number[] = [];
      for (let x = x0; x < width; x += dx)
        for (let c = 0; c < channels; c++) row.push(samples[(y * width + x) * channels + c]);
      if (row.length) rows.push(pack(row, depth));
    }
    return filterRows(rows, Math.max(1, (channels * depth) >> 3));
  };
  return deflateSync(Uint8Array.from(interlaced ? PASSES.flatMap(pass) : pass([0, 0, 1, 1])));
}

export function makePng(png: Png): Uint8Array {
  const { width, height, depth, colour, palette, interlaced, extra = [] } = png;
  const idat = png.idat ?? pixelData(png);
  const half = idat.length >> 1;
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk('IHDR', [...u32(width), ...u32(height), depth, colour, 0, 0, interlaced ? 1 : 0]),
    ...(palette ? chunk('PLTE', palette.flat()) : []),
    ...extra.flatMap(([type, data]) => chunk(type, data)),
    ...chunk('IDAT', idat.subarray(0, half)), // in two parts, as real writers do
    ...chunk('IDAT', idat.subarray(half)),
    ...chunk('IEND', []),
  ]);
}

/** Grey picture of the given ids. */
export const greyPng = (width: number, height: number, ids: ArrayLike<number>, depth = 8): Uint8Array =>
  makePng({ width, height, depth, colour: 0, samples: ids });
