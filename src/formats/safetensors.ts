import { DataError } from '../errors.js';
import { concatBytes } from './bytes.js';
import { bytesOf, bytesPer, type DType, elementCount, type HostTensor, isDType, viewArray } from './dtype.js';
import { bytesSource, type Source } from './source.js';

/** Where a tensor lies: `begin` and `end` count from the start of the source. */
export type TensorInfo = { dtype: DType; shape: number[]; begin: number; end: number };

/** An opened file: its index is in memory, the tensors are read one at a time with `readTensor`. */
export type Safetensors = { source: Source; tensors: Map<string, TensorInfo>; metadata: Map<string, string> };

/** Upstream's own limit. Checked against the length prefix, so a larger header is refused before a byte of it is read. */
export const MAX_HEADER = 100_000_000;

const METADATA = '__metadata__';
const REPAIR = 'The file is damaged or was written by a faulty program: copy or export it again';

const invalid = (file: string, problem: string, cause?: unknown, fix = REPAIR) =>
  new DataError(`not a valid safetensors file: ${problem}`, { file, fix, cause });

/**
 * Reads and checks the index of a safetensors file. What is refused (each a known attack or a torn write): a header over
 * 100 MB, past the end or not UTF-8 JSON, duplicate keys, metadata that is not string to string, unknown dtypes, shapes
 * that are no whole numbers or overflow, sizes that differ from shape × dtype, tensors that overlap or leave holes, and
 * bytes after the last tensor. Leading blanks before `{` are accepted, as the original library does.
 */
export function openSafetensors(source: Source): Safetensors {
  const headerLength = readHeaderLength(source);
  const header = parseHeader(source.name, source.read(8, headerLength));
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) readMetadata(source.name, value, metadata);
    else tensors.set(name, readInfo(source.name, name, value, 8 + headerLength));
  }
  checkContiguous(source, tensors, 8 + headerLength);
  return { source, tensors, metadata };
}

/** The same for a file that is in memory whole, as in a browser. */
export const parseSafetensors = (buffer: ArrayBuffer | Uint8Array, name = 'buffer'): Safetensors =>
  openSafetensors(bytesSource(buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer), name));

/** One tensor in its stored dtype; a view of the source where alignment allows. Throws DataError for an unknown name. */
export function readTensor({ source, tensors }: Safetensors, name: string): HostTensor {
  const info = tensors.get(name);
  if (!info) {
    const some = [...tensors.keys()].slice(0, 5).join(', ');
    throw new DataError(`no tensor named ${name}; the file has ${tensors.size}: ${some} …`, { file: source.name });
  }
  const bytes = source.read(info.begin, info.end - info.begin);
  return { dtype: info.dtype, shape: info.shape, data: viewArray(info.dtype, bytes) };
}

/** A zip, or a pickle that begins with torch's magic number; only a header of exactly 67 MB, or far beyond the limit, would begin so. */
const isTorch = (prefix: Uint8Array): boolean =>
  [
    [0x50, 0x4b, 3, 4],
    [0x80, 2, 0x8a, 10],
  ].some((magic) => magic.every((byte, i) => prefix[i] === byte));

function readHeaderLength({ name, size, read }: Source): number {
  if (size < 8) throw invalid(name, `${size} bytes are too few for a header`);
  const prefix = read(0, 8);
  if (isTorch(prefix))
    throw invalid(name, 'it was written by torch.save', undefined, 'Make one of it with `pix2pixhd import`');
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER) throw invalid(name, `the header claims ${length} bytes, the limit is ${MAX_HEADER}`);
  if (length > size - 8)
    throw invalid(name, `the header claims ${length} bytes, the file has ${size - 8} after the prefix`);
  return length;
}

function parseHeader(file: string, bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw invalid(file, 'the header is not UTF-8 JSON', error);
  }
  if (!isRecord(header)) throw invalid(file, 'the header is not a JSON object');
  const twice = duplicateKey(text);
  if (twice !== undefined) throw invalid(file, `the key ${JSON.stringify(twice)} stands twice in one object`);
  return header;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON.parse keeps the last of two equal keys in silence; a second reader may take the first. `text` is valid JSON. */
function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = [];
  for (const [token, string, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[[\]{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const keys = open.at(-1);
      const key: string = JSON.parse(string);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

function readMetadata(file: string, value: unknown, metadata: Map<string, string>): void {
  if (!isRecord(value)) throw invalid(file, `${METADATA} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(file, `${METADATA}.${key} is not a string`);
    metadata.set(key, text);
  }
}

function readInfo(file: string, name: string, value: unknown, start: number): TensorInfo {
  const bad = (problem: string) => invalid(file, `tensor ${JSON.stringify(name)} ${problem}`);
  if (!isRecord(value)) throw bad('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDType(dtype)) throw bad(`has the unknown dtype ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape)) throw bad('has no shape');
  const bytes = elementCount(shape) * bytesPer(dtype);
  if (!Number.isSafeInteger(bytes)) throw bad(`has the impossible shape [${shape.slice(0, 8)}]`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)) {
    throw bad('has no pair of data_offsets');
  }
  const [begin, end] = offsets;
  if (end - begin !== bytes) throw bad(`takes ${bytes} bytes by its shape, ${end - begin} by its offsets`);
  return { dtype, shape, begin: start + begin, end: start + end };
}

function checkContiguous({ name: file, size }: Source, tensors: Map<string, TensorInfo>, start: number): void {
  let next = start;
  for (const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) throw invalid(file, `tensor ${JSON.stringify(name)} starts at ${begin}, expected ${next}`);
    next = end;
  }
  if (next !== size) throw invalid(file, `the tensors end at byte ${next}, the file at ${size}`);
}

/** What a writer needs to know of a tensor before its values are there. */
export type TensorHead = { name: string; dtype: DType; shape: number[] };

/** A tensor to write; `data` may be a function, so that only one tensor of a large net is in memory at a time. */
export type TensorToWrite = TensorHead & { data: ArrayBufferView | (() => ArrayBufferView | Promise<ArrayBufferView>) };

export const dataOf = async ({ data }: TensorToWrite): Promise<ArrayBufferView> =>
  typeof data === 'function' ? data() : data;

/**
 * The length prefix and header of a file, and the order in which the values must follow. Wider types come first, as
 * upstream writes them, so that every tensor is aligned; within a width the given order stays. The header is filled up
 * with blanks to a multiple of 8. The same tensors and metadata always give the same bytes.
 */
export function layoutSafetensors<T extends TensorHead>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = {},
): { header: Uint8Array; order: T[] } {
  const order = [...tensors].sort((a, b) => bytesPer(b.dtype) - bytesPer(a.dtype));
  const entries: [string, unknown][] = Object.keys(metadata).length ? [[METADATA, metadata]] : [];
  const names = new Set([METADATA]);
  let end = 0;
  for (const { name, dtype, shape } of order) {
    if (names.has(name)) throw new DataError(`two tensors are to be written under the name ${name}`);
    names.add(name);
    const begin = end;
    end += elementCount(shape) * bytesPer(dtype);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(
    `{${entries.map(([key, value]) => JSON.stringify(key) + ':' + JSON.stringify(value))}}`,
  );
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) throw new DataError(`the header takes ${length} bytes, the format allows ${MAX_HEADER}`);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, order };
}

/** Throws unless `data` holds exactly what the head promises. */
export function checkedBytes({ name, dtype, shape }: TensorHead, data: ArrayBufferView): Uint8Array {
  const wanted = elementCount(shape) * bytesPer(dtype);
  if (data.byteLength !== wanted) {
    throw new DataError(`tensor ${name} ${dtype} [${shape}] takes ${wanted} bytes, got ${data.byteLength}`);
  }
  return bytesOf(data);
}

/** The bytes of a file, tensor by tensor: each is asked for when its turn comes. */
export async function* safetensorsParts(
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const { header, order } = layoutSafetensors(tensors, metadata);
  yield header;
  for (const tensor of order) yield checkedBytes(tensor, await dataOf(tensor));
}

/** A whole file in memory, for the browser; files.ts streams to a disk. */
export function encodeSafetensors(
  tensors: readonly (TensorHead & { data: ArrayBufferView })[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const { header, order } = layoutSafetensors(tensors, metadata);
  return concatBytes([header, ...order.map((tensor) => checkedBytes(tensor, tensor.data))]);
}
