// PNG by the compression that browsers and Node bring along, in place of a library that the page would load.

import type { Image } from '../../src/data/image.js';
import { collectRaw, openPng, type PngInput, packedPng } from '../../src/data/png.js';
import { rowsOf } from '../../src/data/png-rows.js';

type Bytes = Uint8Array<ArrayBuffer>;

const streamOf = (parts: readonly Uint8Array[]): ReadableStream<Bytes> => new Blob(parts as Bytes[]).stream();

/** As decodePng does. @throws DataError */
export async function readPng(bytes: Uint8Array, path: string): Promise<Image> {
  const { parts, size, image } = openPng(bytes, path);
  const { add, fail, all } = collectRaw(size, path);
  const reader = streamOf(parts).pipeThrough(new DecompressionStream('deflate')).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) add(next.value);
  } catch (error) {
    reader.cancel().catch(() => {});
    throw fail(error);
  }
  return image(all());
}

/** As encodePng does. */
export async function writePng(input: PngInput): Promise<Bytes> {
  const rows = streamOf([rowsOf(input.data, input.height)]).pipeThrough(new CompressionStream('deflate'));
  return packedPng(input, new Uint8Array(await new Response(rows).arrayBuffer()));
}
