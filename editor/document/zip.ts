// A few small files in a zip: written as they are, since PNG is packed already, and read as any program may have packed them again.

import { concatBytes } from '../../src/formats/bytes.js';
import { crc32 } from '../../src/formats/crc32.js';

type Bytes = Uint8Array<ArrayBuffer>;

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [STORED, DEFLATED] = [0, 8];
/** 1 January 2000, so that the same drawing makes the same file. */
const DATE = (20 << 9) | (1 << 5) | 1;

/** Numbers of 16 bits, the low byte first, as memory is wherever WebGPU runs. */
const record = (...numbers: number[]): Bytes => new Uint8Array(Uint16Array.from(numbers).buffer);
/** One of 32 bits as two of them. */
const long = (value: number): [number, number] => [value & 0xffff, value >>> 16];

/** What the local header and the directory say of a file alike: version, flags, method, time, sums, lengths. */
function facts(name: Bytes, data: Uint8Array): number[] {
  const size = long(data.length);
  return [20, 0, STORED, 0, DATE, ...long(crc32(data)), ...size, ...size, name.length, 0];
}

/** Names are ASCII. */
export function writeZip(files: Readonly<Record<string, Uint8Array>>): Bytes {
  const entries = Object.entries(files).map(([name, data]) => ({ name: new TextEncoder().encode(name), data }));
  const locals = entries.map(({ name, data }) =>
    concatBytes([record(...long(LOCAL), ...facts(name, data)), name, data]),
  );
  let at = 0;
  const directory = concatBytes(
    entries.flatMap(({ name, data }, i) => {
      // No comment, one disk, no attributes.
      const head = record(...long(CENTRAL), 20, ...facts(name, data), 0, 0, 0, 0, 0, ...long(at));
      at += locals[i]!.length;
      return [head, name];
    }),
  );
  const count = entries.length;
  const end = record(...long(END), 0, 0, count, count, ...long(directory.length), ...long(at), 0);
  return concatBytes([...locals, directory, end]);
}

/** At most `size` bytes of a raw deflate stream. */
async function inflated(packed: Bytes, size: number): Promise<Bytes> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array[] = [];
  for (let left = size; ; ) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    left -= value.length;
    if (left < 0) {
      await reader.cancel();
      throw new RangeError(`more than the ${size} bytes that the directory promises`);
    }
    parts.push(value);
  }
}

/**
 * The wanted files of those that are there, no larger than `most` bytes each.
 * @throws RangeError for what is no zip, is cut short, or is not what its directory says
 */
export async function readZip(bytes: Uint8Array, wanted: readonly string[], most: number): Promise<Map<string, Bytes>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  let end = bytes.length - 22;
  while (u32(end) !== END) end--;
  const files = new Map<string, Bytes>();
  let at = u32(end + 16);
  for (let left = u16(end + 10); left > 0; left--) {
    if (u32(at) !== CENTRAL) throw new RangeError('the directory is damaged');
    const [method, crc, packed, size] = [u16(at + 10), u32(at + 16), u32(at + 20), u32(at + 24)];
    const nameEnd = at + 46 + u16(at + 28);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    const local = u32(at + 42);
    at = nameEnd + u16(at + 30) + u16(at + 32);
    if (!wanted.includes(name) || size > most) continue;
    const start = local + 30 + u16(local + 26) + u16(local + 28);
    const stored = Uint8Array.from(bytes.subarray(start, start + packed));
    const data = method === DEFLATED ? await inflated(stored, size) : stored;
    if (data.length !== size || crc32(data) !== crc) throw new RangeError(`${name} is damaged`);
    files.set(name, data);
  }
  return files;
}
