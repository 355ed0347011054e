import { DataError } from '../errors.js';
import { concatBytes } from './bytes.js';
import { crc32 } from './crc32.js';
import type { DType } from './dtype.js';
import { call, global, le, ORDERED_DICT, OrderedDict, pickled, tuple, utf8, wholePickle } from './pickle-write.js';
import { STORAGES } from './pth.js';
import { checkedBytes, dataOf, type TensorHead, type TensorToWrite } from './safetensors.js';

const CLASSES = new Map(Object.entries(STORAGES).map(([name, dtype]) => [dtype, `${name}Storage`]));

// ---- the object pickle ----

/** What torch.save can write: plain values as pickle-write.ts has them, and tensors anywhere among them. */
export type TorchValue =
  | null
  | boolean
  | number
  | string
  | TensorToWrite
  | readonly TorchValue[]
  | ReadonlyMap<string | number, TorchValue>;

function storageClass(name: string, dtype: DType): string {
  const found = CLASSES.get(dtype);
  if (!found) throw new DataError(`tensor ${name} has dtype ${dtype}, which torch has no storage for`);
  return found;
}

/** _rebuild_tensor_v2(storage, 0, shape, stride, requires_grad = False, OrderedDict()) with a storage of its own. */
function tensorPickle({ name, dtype, shape }: TensorHead, key: number): number[] {
  const plain = (value: unknown) => pickled(value, () => []);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const count = shape.reduce((a, b) => a * b, 1);
  const type = global('torch', storageClass(name, dtype));
  const id = tuple(plain('storage'), type, plain(`${key}`), plain('cpu'), plain(count));
  const sizes = [shape, strides].map((sides) => tuple(...sides.map(plain)));
  const args = tuple([...id, 0x51], plain(0), ...sizes, plain(false), ORDERED_DICT);
  return call(global('torch._utils', '_rebuild_tensor_v2'), args);
}

/** The pickle, and its tensors in the order of their storages. */
function pickleWithTensors(value: TorchValue): { bytes: Uint8Array; tensors: TensorToWrite[] } {
  const tensors: TensorToWrite[] = [];
  const opcodes = pickled(value, (tensor) =>
    tensorPickle(tensor as TensorToWrite, tensors.push(tensor as TensorToWrite) - 1),
  );
  return { bytes: wholePickle(opcodes), tensors };
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

/** A state dict: an OrderedDict of the tensors in the given order. */
export const stateDictOf = (tensors: readonly TensorToWrite[]): TorchValue =>
  new OrderedDict(tensors.map((tensor) => [tensor.name, tensor]));

/**
 * The parts of a .pth file in torch's zip form (torch ≥ 1.4 loads it), each tensor with a storage of its own.
 * Throws DataError past 4 GB, where the format would need its 64-bit extension.
 */
export async function* pthParts(value: TorchValue): AsyncGenerator<Uint8Array> {
  const { bytes: object, tensors } = pickleWithTensors(value);
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
  yield* file('data.pkl', object);
  yield* file('byteorder', utf8('little'));
  for (const [key, tensor] of tensors.entries()) yield* file(`data/${key}`, checkedBytes(tensor, await dataOf(tensor)));
  yield* file('version', utf8('3\n'));
  const bytes = concatBytes(directory);
  const counts = [...le(directory.length, 2), ...le(directory.length, 2)];
  yield bytes;
  yield Uint8Array.from([...le(0x06054b50, 4), ...le(0, 4), ...counts, ...le(bytes.length, 4), ...le(at, 4), 0, 0]);
}
