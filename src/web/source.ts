// Bytes of a file from wherever a page has them: an address, a chosen or dropped file, memory.

import { DataError, IOError } from '../errors.js';
import { openSafetensors, type Safetensors } from '../formats/safetensors.js';
import { sha256 } from '../formats/sha256.js';
import { readShardIndex } from '../formats/shards.js';
import { bytesSource, type Source } from '../formats/source.js';

export type WebSource = string | URL | Blob | ArrayBuffer | Uint8Array;

export interface FetchOptions {
  /** Bytes so far, and in all where the server says. Shards count together. */
  onProgress?(loaded: number, total: number | undefined): void;
  /**
   * SHA-256 in hex, of each shard by its file name where there are several. What has one is kept in the Cache API and never
   * taken without being checked.
   */
  sha256?: string | Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

const CACHE = 'pix2pixhd';

/** Reads a body to its end, telling how far it is. */
async function readBody(response: Response, onBytes: (count: number) => void): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    onBytes(part.value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

interface Download {
  signal?: AbortSignal;
  onBytes(count: number): void;
  onTotal(bytes: number): void;
}

async function download(
  url: string,
  { signal, onBytes, onTotal }: Download,
  cache?: RequestCache,
): Promise<Uint8Array> {
  const response = await fetch(url, { signal, cache }).catch((cause) => {
    if (signal?.aborted) throw cause;
    const fix = 'Check the address; another site must allow it (CORS)';
    throw new IOError('could not be fetched', { file: url, fix, cause });
  });
  if (!response.ok) throw new IOError(`HTTP ${response.status}`, { file: url, fix: 'Check the address' });
  // A compressed answer's length is not the file's.
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  if (length !== null) onTotal(Number(length));
  return readBody(response, onBytes);
}

/** Not every page has it: private windows and file:// may refuse. */
const openCache = (): Promise<Cache | undefined> => globalThis.caches?.open(CACHE).catch(() => undefined);

/** From the cache where what lies there has this hash, else fetched; a wrong one is fetched once more, past all caches. */
async function checkedDownload(url: string, wanted: string, to: Download): Promise<Uint8Array> {
  const key = `${url}${url.includes('?') ? '&' : '?'}sha256=${wanted}`;
  const cache = await openCache();
  const kept = await cache?.match(key);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if ((await sha256(bytes)) === wanted) return bytes;
    await cache!.delete(key);
  }
  for (const mode of ['default', 'reload'] as const) {
    const bytes = await download(url, to, mode);
    if ((await sha256(bytes)) !== wanted) continue;
    // No room to keep it is no reason not to use it.
    await cache?.put(key, new Response(bytes as Uint8Array<ArrayBuffer>)).catch(() => {});
    return bytes;
  }
  throw new DataError('is not the file it should be: its SHA-256 differs, twice', {
    file: url,
    fix: `Wanted ${wanted}: another version may lie there, or something on the way changes it`,
  });
}

/** One file's bytes. */
async function bytesOf(source: WebSource, to: Download, wanted?: string): Promise<Source> {
  if (source instanceof Blob) {
    const name = source instanceof File ? source.name : 'file';
    return bytesSource(new Uint8Array(await source.arrayBuffer()), name);
  }
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source));
  if (source instanceof Uint8Array) return bytesSource(source);
  const url = String(source);
  return bytesSource(await (wanted ? checkedDownload(url, wanted, to) : download(url, to)), url);
}

/** Several files as one, end to end, so that their tensors stand in one index. */
function joined(name: string, shards: readonly Safetensors[]): Safetensors {
  const begins: number[] = [];
  let size = 0;
  for (const { source } of shards) {
    begins.push(size);
    size += source.size;
  }
  const read = (offset: number, length: number) => {
    const shard = begins.findLastIndex((begin) => begin <= offset);
    return shards[shard]!.source.read(offset - begins[shard]!, length);
  };
  const tensors = shards.flatMap((shard, i) =>
    [...shard.tensors].map(([key, info]) => {
      const [begin, end] = [info.begin + begins[i]!, info.end + begins[i]!];
      return [key, { ...info, begin, end }] as const;
    }),
  );
  const metadata = new Map(shards.flatMap((shard) => [...shard.metadata]));
  return { source: { name, size, read }, tensors: new Map(tensors), metadata };
}

const hashOf = (given: FetchOptions['sha256'], name: string): string | undefined =>
  typeof given === 'object' ? given[name] : given;

/** The shards that an index lists, which lie beside it. */
async function openShards(index: Source, to: Download, given: FetchOptions['sha256']): Promise<Safetensors> {
  const map = readShardIndex(index);
  const base = new URL(index.name, globalThis.location?.href);
  const names = [...new Set(map.values())];
  const open = async (name: string) =>
    openSafetensors(
      await bytesOf(new URL(name, base), to, typeof given === 'object' ? hashOf(given, name) : undefined),
    );
  const shards = await Promise.all(names.map(open));
  for (const [tensor, name] of map) {
    const shard = shards[names.indexOf(name)]!;
    if (!shard.tensors.has(tensor)) {
      const fix = 'Copy index and shards again, all from one place';
      throw new DataError(`has no tensor ${tensor}, where ${index.name} says it is`, { file: shard.source.name, fix });
    }
  }
  return joined(index.name, shards);
}

/**
 * Opens a safetensors file, or the shards of a `….safetensors.index.json`, which is an address.
 * @throws IOError where it cannot be fetched, DataError where it is damaged or has another SHA-256
 */
export async function openWebFile(source: WebSource, options: FetchOptions = {}): Promise<Safetensors> {
  const { onProgress, sha256: given, signal } = options;
  let loaded = 0;
  let total: number | undefined;
  const to: Download = {
    signal,
    onBytes: (count) => onProgress?.((loaded += count), total),
    onTotal: (bytes) => {
      total = (total ?? 0) + bytes;
    },
  };
  const file = await bytesOf(source, to, typeof given === 'string' ? given : undefined);
  onProgress?.(loaded || file.size, total ?? file.size);
  return file.name.split('?')[0]!.endsWith('.json') ? openShards(file, to, given) : openSafetensors(file);
}
