import { DataError } from '../errors.js';
import { concatBytes } from './bytes.js';
import { crc32 } from './crc32.js';
import type { DType } from './dtype.js';
import { STORAGES } from './pth.js';
import { checkedBytes, dataOf, type TensorHead, type TensorToWrite } from './safetensors.js';

const CLASSES = new Map(Object.entries(STORAGES).map(([name, dtype]) => [dtype, `${name}Storage`]));

/** Little-endian number of `size` bytes. */
function le(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 255);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

// ---- the object pickle, in the opcodes that pickle.ts reads ----

const text = (value: string): number[] => [0x58, ...le(utf8(value).length, 4), ...utf8(value)];
const int = (value: number): number[] => (value < 2 ** 31 ? [0x4a, ...le(value, 4)] : [0x8a, 6, ...le(value, 6)]);
const tuple = (...items: number[][]): number[] => [0x28, ...items.flat(), 0x74];
const global = (module: string, name: string): number[] => [0x63, ...utf8(`${module}\n${name}\n`)];
const call = (fn: number[], args: number[]): number[] => [...fn, ...args, 0x52];

const ORDERED_DICT = call(global('collections', 'OrderedDict'), [0x29]);

function storageClass(name: string, dtype: DType): string {
  const found = CLASSES.get(dtype);
  if (!found) throw new DataError(`tensor ${name} has dtype ${dtype}, which torch has no storage for`);
  return found;
}

/** _rebuild_tensor_v2(storage, 0, shape, stride, requires_grad = False, OrderedDict()) with a storage of its own. */
function tensorPickle({ name, dtype, shape }: TensorHead, key: number): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const count = shape.reduce((a, b) => a * b, 1);
  const id = tuple(
    text('storage'),
    global('torch', storageClass(name, dtype)),
    text(`${key}`),
    text('cpu'),
    int(count),
  );
  const sizes = [tuple(...shape.map(int)), tuple(...strides.map(int))];
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple([...id, 0x51], int(0), ...sizes, [0x89], ORDERED_DICT),
  );
}

function statePickle(tensors: readonly TensorHead[]): Uint8Array {
  const items = tensors.map((tensor, key) => Uint8Array.from([...text(tensor.name), ...tensorPickle(tensor, key)]));
  return concatBytes([Uint8Array.of(0x80, 2, ...ORDERED_DICT, 0x28), ...items, Uint8Array.of(0x75, 0x2e)]);
}

// ---- the archive ----

const ROOT = 'archive/';
/** torch maps storages from the file, so their bytes start on multiples of 64; a field of its own fills the gap. */
const ALIGNMENT = 64;
const FILLER = 0x4246;
const LIMIT = 2 ** 32 - 1;

type Entry = { name: Uint8Array; shared: number[]; offset: number };

function localHeader({ name, shared, offset }: Entry): Uint8Array {
  const bare = 30 + name.length + 4;
  const filler = (ALIGNMENT - ((offset + bare) % ALIGNMENT)) % ALIGNMENT;
  const extra = [...le(FILLER, 2), ...le(filler, 2), ...new Array<number>(filler).fill(0)];
  return Uint8Array.from([
    ...le(0x04034b50, 4),
    ...shared,
    ...le(name.length, 2),
    ...le(extra.length, 2),
    ...name,
    ...extra,
  ]);
}

function directoryEntry({ name, shared, offset }: Entry): Uint8Array {
  return Uint8Array.from([
    ...le(0x02014b50, 4),
    ...le(20, 2),
    ...shared,
    ...le(name.length, 2),
    ...le(0, 12),
    ...le(offset, 4),
    ...name,
  ]);
}

/**
 * The parts of a .pth file in torch's zip form (torch ≥ 1.4 loads it): an OrderedDict of the tensors in the given order,
 * each with a storage of its own. Throws DataError past 4 GB, where the format would need its 64-bit extension.
 */
export async function* pthParts(tensors: readonly TensorToWrite[]): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let at = 0;
  const file = (name: string, bytes: Uint8Array): Uint8Array[] => {
    const sizes = [...le(crc32(bytes), 4), ...le(bytes.length, 4), ...le(bytes.length, 4)];
    const entry = { name: utf8(ROOT + name), shared: [...le(20, 2), ...le(0, 8), ...sizes], offset: at };
    const header = localHeader(entry);
    directory.push(directoryEntry(entry));
    at += header.length + bytes.length;
    if (at > LIMIT)
      throw new DataError('the tensors take more than the 4 GB of a .pth file', { fix: 'Use safetensors' });
    return [header, bytes];
  };
  yield* file('data.pkl', statePickle(tensors));
  yield* file('byteorder', utf8('little'));
  for (const [key, tensor] of tensors.entries()) yield* file(`data/${key}`, checkedBytes(tensor, await dataOf(tensor)));
  yield* file('version', utf8('3\n'));
  const bytes = concatBytes(directory);
  const counts = [...le(directory.length, 2), ...le(directory.length, 2)];
  yield bytes;
  yield Uint8Array.from([...le(0x06054b50, 4), ...le(0, 4), ...counts, ...le(bytes.length, 4), ...le(at, 4), 0, 0]);
}
