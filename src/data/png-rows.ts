// Rows of a PNG's pixel data: the passes of Adam7, filters, and samples of 1 to 16 bits.

/** Of the header, what the layout depends on. */
export type RowLayout = { width: number; height: number; depth: number; channels: number; interlaced: boolean };

type Pass = { x: number; y: number; dx: number; dy: number; columns: number; rows: number; rowBytes: number };

/** Adam7: first column and row of each pass, and its steps. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Those that have pixels; a picture that is not interlaced is one pass. */
function passesOf({ width, height, depth, channels, interlaced }: RowLayout): Pass[] {
  return (interlaced ? ADAM7 : [[0, 0, 1, 1]])
    .map(([x, y, dx, dy]) => {
      const columns = Math.ceil((width - x) / dx);
      return {
        x,
        y,
        dx,
        dy,
        columns,
        rows: Math.ceil((height - y) / dy),
        rowBytes: (columns * channels * depth + 7) >> 3,
      };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Bytes that the pixel data must decompress to: each row has one filter byte in front. */
export const rawSize = (layout: RowLayout): number =>
  passesOf(layout).reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);

/** The nearest of left, above and above left to left + above − above left. */
function paeth(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** What undoes each filter of a row, given the one above and the bytes of a pixel. */
const FILTERS: ((row: Uint8Array, above: Uint8Array, step: number) => void)[] = [
  () => {},
  (row, _, step) => {
    for (let i = step; i < row.length; i++) row[i] += row[i - step];
  },
  (row, above) => {
    for (let i = 0; i < row.length; i++) row[i] += above[i];
  },
  (row, above, step) => {
    for (let i = 0; i < row.length; i++) row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
  },
  (row, above, step) => {
    for (let i = 0; i < row.length; i++)
      row[i] += i < step ? above[i] : paeth(row[i - step], above[i], above[i - step]);
  },
];

/** Undoes the filters of a pass in place; `step` is bytes of a pixel. @throws RangeError for an unknown filter */
function unfilter(raw: Uint8Array, { rows, rowBytes }: Pass, step: number): void {
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0, at = 0; y < rows; y++, at += 1 + rowBytes) {
    const filter = FILTERS[raw[at]];
    if (!filter) throw new RangeError(`filter ${raw[at]} in row ${y}`);
    const row = raw.subarray(at + 1, at + 1 + rowBytes);
    filter(row, above, step);
    above = row;
  }
}

/** Sample k of a row that begins at `at`. */
function sampleAt(raw: Uint8Array, at: number, k: number, depth: number): number {
  if (depth === 8) return raw[at + k];
  if (depth === 16) return (raw[at + 2 * k] << 8) | raw[at + 2 * k + 1];
  const bit = k * depth;
  return (raw[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** Interleaved samples of decompressed pixel data, which is changed. @throws RangeError for an unknown filter */
export function samplesOf(raw: Uint8Array, layout: RowLayout): Uint8Array | Uint16Array {
  const { width, height, depth, channels } = layout;
  const out = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  let start = 0;
  for (const pass of passesOf(layout)) {
    const { x, y, dx, dy, columns, rows, rowBytes } = pass;
    unfilter(raw.subarray(start), pass, Math.max(1, (channels * depth) >> 3));
    for (let row = 0; row < rows; row++, start += 1 + rowBytes) {
      const to = ((y + row * dy) * width + x) * channels;
      if (depth === 8 && dx === 1) {
        out.set(raw.subarray(start + 1, start + 1 + rowBytes), to);
        continue;
      }
      for (let column = 0, k = 0; column < columns; column++)
        for (let c = 0; c < channels; c++) out[to + column * dx * channels + c] = sampleAt(raw, start + 1, k++, depth);
    }
  }
  return out;
}

/** The other way: rows without filter, for a picture that is not interlaced. */
export function rowsOf(data: Uint8Array | Uint16Array, height: number): Uint8Array {
  const wide = data instanceof Uint16Array;
  const columns = data.length / height;
  const rowBytes = columns * (wide ? 2 : 1);
  const rows = new Uint8Array(height * (1 + rowBytes));
  const view = new DataView(rows.buffer);
  for (let y = 0; y < height; y++) {
    const at = y * (1 + rowBytes) + 1;
    const row = data.subarray(y * columns, (y + 1) * columns);
    if (wide) row.forEach((sample, k) => view.setUint16(at + 2 * k, sample));
    else rows.set(row, at);
  }
  return rows;
}
