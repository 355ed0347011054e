import { DataError } from '../errors.js';
import { crc32 } from './crc32.js';
import { checkRange, type Source } from './source.js';

/** A stored file inside a zip archive. `read` gives all of it or a part; the first call checks the CRC of the whole. */
export type ZipEntry = { name: string; size: number; read(offset?: number, length?: number): Uint8Array };

type Central = { name: string; size: number; crc: number; flags: number; header: number };
type Directory = { count: number; size: number; offset: number };

const MAX_ENTRIES = 100_000;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

const invalid = (source: Source, problem: string) =>
  new DataError(`zip archive: ${problem}`, {
    file: source.name,
    fix: 'Save it again with torch.save, or copy it again',
  });

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Zip64 fields are 64 bits wide; no honest one passes 2^53, and a lying one fails the range checks that follow. */
const u64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

export const isZip = (source: Source): boolean =>
  source.size >= 4 && viewOf(source.read(0, 4)).getUint32(0, true) === LOCAL;

/**
 * The entries of an archive by name, in the order of its directory. torch stores without compression, so anything else is
 * refused, and with it every zip bomb: deflated or encrypted entries, duplicate names, names that climb out, entries that
 * overlap or disagree with their local header, archives in parts. `read` returns a view or fresh copy.
 */
export function readZip(source: Source): Map<string, ZipEntry> {
  const directory = findDirectory(source);
  const entries = readDirectory(source, directory);
  const files = new Map<string, ZipEntry>();
  let free = 0;
  for (const entry of [...entries].sort((a, b) => a.header - b.header)) {
    if (entry.header < free) throw invalid(source, `entry ${entry.name} overlaps the one before it`);
    free = dataOffset(source, entry) + entry.size;
  }
  if (free > directory.offset) throw invalid(source, 'an entry reaches into the directory');
  for (const entry of entries) {
    if (files.has(entry.name)) throw invalid(source, `two entries are named ${entry.name}`);
    files.set(entry.name, { name: entry.name, size: entry.size, read: entryReader(source, entry) });
  }
  return files;
}

function findDirectory(source: Source): Directory {
  const tail = source.read(Math.max(0, source.size - 65_557), Math.min(source.size, 65_557));
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== tail.length) continue;
    if (view.getUint16(at + 4, true) || view.getUint16(at + 6, true))
      throw invalid(source, 'it is one part of several');
    const end = source.size - tail.length + at;
    const small = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    const { directory, limit } = widen(source, small, end);
    if (directory.count > MAX_ENTRIES) throw invalid(source, `${directory.count} entries, the limit is ${MAX_ENTRIES}`);
    if (directory.offset + directory.size !== limit)
      throw invalid(source, 'the directory is not where it is said to be');
    return directory;
  }
  throw invalid(source, 'there is no end record; the file is cut short');
}

/** Replaces the end record by the zip64 one where that exists. `limit` is the byte at which the directory must end. */
function widen(source: Source, small: Directory, end: number): { directory: Directory; limit: number } {
  const asks = small.count === 0xffff || small.size === 0xffffffff || small.offset === 0xffffffff;
  const locator = end >= 20 ? viewOf(source.read(end - 20, 20)) : undefined;
  if (locator?.getUint32(0, true) !== END_64_LOCATOR) {
    if (asks) throw invalid(source, 'the zip64 record is missing');
    return { directory: small, limit: end };
  }
  const at = u64(locator, 8);
  const record = viewOf(source.read(at, 56));
  if (record.getUint32(0, true) !== END_64) throw invalid(source, 'the zip64 record is not where it is said to be');
  const wide = { count: u64(record, 32), size: u64(record, 40), offset: u64(record, 48) };
  for (const [key, none] of [
    ['count', 0xffff],
    ['size', 0xffffffff],
    ['offset', 0xffffffff],
  ] as const) {
    if (small[key] !== none && small[key] !== wide[key])
      throw invalid(source, `the two end records disagree on the ${key}`);
  }
  return { directory: wide, limit: at };
}

function readDirectory(source: Source, { count, size, offset }: Directory): Central[] {
  const bytes = source.read(offset, size);
  const view = viewOf(bytes);
  const entries: Central[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > size || view.getUint32(at, true) !== CENTRAL)
      throw invalid(source, `directory entry ${i} is damaged`);
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > size) throw invalid(source, `directory entry ${i} is damaged`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    entries.push(
      readCentral(source, name, view, at, new DataView(view.buffer, view.byteOffset + nameEnd, extraEnd - nameEnd)),
    );
    at = next;
  }
  if (at !== size) throw invalid(source, `the directory has ${size - at} bytes too many`);
  return entries;
}

function readCentral(source: Source, name: string, view: DataView, at: number, extra: DataView): Central {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if (!isPlainPath(name)) throw invalid(source, `entry name ${JSON.stringify(name)} is no plain relative path`);
  if (flags & 0x2041) throw invalid(source, `entry ${name} is encrypted`);
  if (method !== 0) throw invalid(source, `entry ${name} is compressed (method ${method}), torch stores`);
  let packed = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let header = view.getUint32(at + 42, true);
  const wide = zip64Fields(extra);
  const widened = (value: number) => (value === 0xffffffff ? (wide.shift() ?? Number.NaN) : value);
  size = widened(size); // the order in the extra field is fixed: size, packed size, offset
  packed = widened(packed);
  header = widened(header);
  if (!Number.isSafeInteger(header) || size !== packed) throw invalid(source, `entry ${name} has contradicting sizes`);
  return { name, size, crc: view.getUint32(at + 16, true), flags, header };
}

function isPlainPath(name: string): boolean {
  return name !== '' && !/^[/\\]|^[A-Za-z]:|\\|\0/.test(name) && !name.split('/').includes('..');
}

function zip64Fields(extra: DataView): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    const length = Math.min(extra.getUint16(at + 2, true), extra.byteLength - at - 4);
    if (extra.getUint16(at, true) === 1)
      return Array.from({ length: length >> 3 }, (_, i) => u64(extra, at + 4 + 8 * i));
  }
  return [];
}

/** The local header must tell the same story as the directory; its sizes may be left open (bit 3: a descriptor follows). */
function dataOffset(source: Source, { name, size, flags, header, crc }: Central): number {
  const view = viewOf(source.read(header, 30));
  if (view.getUint32(0, true) !== LOCAL) throw invalid(source, `entry ${name} has no local header`);
  const nameLength = view.getUint16(26, true);
  const localName = new TextDecoder().decode(source.read(header + 30, nameLength));
  const agrees = (at: number, value: number) => {
    const local = view.getUint32(at, true);
    return local === value || local === 0xffffffff || (flags & 8 && local === 0);
  };
  const same =
    localName === name && view.getUint16(8, true) === 0 && agrees(14, crc) && agrees(18, size) && agrees(22, size);
  if (!same) throw invalid(source, `the local header of ${name} contradicts the directory`);
  return header + 30 + nameLength + view.getUint16(28, true);
}

/** Large entries are checked in pieces, so that a part of one costs no more memory than the part. */
const PIECE = 1 << 20;

function entryReader(source: Source, entry: Central): ZipEntry['read'] {
  let checked = false;
  const check = (crc: number) => {
    if (crc !== entry.crc) throw invalid(source, `entry ${entry.name} is damaged (CRC mismatch)`);
    checked = true;
  };
  return (offset = 0, length = entry.size - offset) => {
    checkRange(source.name, entry.size, offset, length);
    const start = dataOffset(source, entry);
    if (!checked && length < entry.size) check(crcOf(source, start, entry.size));
    const bytes = source.read(start + offset, length);
    if (!checked) check(crc32(bytes));
    return bytes;
  };
}

function crcOf(source: Source, start: number, size: number): number {
  let crc = 0;
  for (let at = 0; at < size; at += PIECE) crc = crc32(source.read(start + at, Math.min(PIECE, size - at)), crc);
  return crc;
}
