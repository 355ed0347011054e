// A sheet of samples: a PNG that says in a text where its pictures are.

import { TILES } from '../src/data/tiles.js';

/** left, top, width, height */
export type Place = [number, number, number, number];

export interface Sheet {
  bitmap: ImageBitmap;
  /** By rows: label · generated · real; one of one where the sheet does not say. */
  rows: Place[][];
}

const LATIN = new TextDecoder('latin1');

/** The text of a keyword in a PNG. */
function textOf(png: Uint8Array, keyword: string): string | undefined {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const body = LATIN.decode(png.subarray(at + 4, at + 8 + length));
    if (body.startsWith(`tEXt${keyword}\0`)) return body.slice(5 + keyword.length);
    at += 12 + length;
  }
  return undefined;
}

export async function readSheet(png: Uint8Array<ArrayBuffer>): Promise<Sheet> {
  const bitmap = await createImageBitmap(new Blob([png], { type: 'image/png' }));
  const text = textOf(png, TILES);
  return { bitmap, rows: text ? JSON.parse(text) : [[[0, 0, bitmap.width, bitmap.height]]] };
}
