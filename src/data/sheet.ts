import { encodePng } from './png.js';
import { resizeNearest, type Size } from './resample.js';
import { TILES } from './tiles.js';

/** A picture of a sheet: interleaved 8-bit RGB. */
export type Tile = Size & { rgb: Uint8Array };

const GUTTER = 4;
const BACKGROUND = 32;

/**
 * One PNG from rows of pictures, such as label · generated · real. Each cell is as large as the largest tile; smaller ones
 * grow by whole factors (nearest neighbour, so that a pixel stays a square) and stand at the top left of their cell.
 */
export function encodeSheet(rows: readonly (readonly Tile[])[]): Uint8Array {
  const tiles = rows.flat();
  const cell = { width: Math.max(...tiles.map((t) => t.width)), height: Math.max(...tiles.map((t) => t.height)) };
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * (cell.width + GUTTER) + GUTTER;
  const height = rows.length * (cell.height + GUTTER) + GUTTER;
  const data = new Uint8Array(width * height * 3).fill(BACKGROUND);
  const places = rows.map((row, r) =>
    row.map((tile, c) => {
      const left = GUTTER + c * (cell.width + GUTTER);
      const top = GUTTER + r * (cell.height + GUTTER);
      const large = enlarge(tile, cell);
      paste(data, width, left, top, large);
      return [left, top, large.width, large.height];
    }),
  );
  return encodePng({ width, height, channels: 3, data, text: { [TILES]: JSON.stringify(places) } });
}

function enlarge(tile: Tile, cell: Size): Tile {
  const factor = Math.max(1, Math.min(Math.floor(cell.width / tile.width), Math.floor(cell.height / tile.height)));
  const size = { width: tile.width * factor, height: tile.height * factor };
  return { ...size, rgb: resizeNearest(tile.rgb, tile, size, 3) };
}

function paste(data: Uint8Array, width: number, left: number, top: number, tile: Tile): void {
  for (let y = 0; y < tile.height; y++) {
    const row = tile.rgb.subarray(y * tile.width * 3, (y + 1) * tile.width * 3);
    data.set(row, ((top + y) * width + left) * 3);
  }
}
