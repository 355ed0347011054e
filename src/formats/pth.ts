import { DataError } from '../errors.js';
import { BYTES, type DType, elementCount, type HostTensor, type TensorArray, viewArray } from './dtype.js';
import { type Global, isTuple, type Tuple, unpickle, type Value } from './pickle.js';
import { bytesSource, type Source } from './source.js';
import { isZip, readZip } from './zip.js';

/** What torch's storage classes hold, in the dtype names used here. */
export const STORAGES: Readonly<Record<string, DType>> = {
  Float: 'F32',
  Half: 'F16',
  BFloat16: 'BF16',
  Double: 'F64',
  Long: 'I64',
  Int: 'I32',
  Short: 'I16',
  Char: 'I8',
  Byte: 'U8',
  Bool: 'BOOL',
};

/** A promised storage: which one, how many elements; its bytes are looked up once the pickle has been read. */
type Storage = { kind: 'storage'; dtype: DType; key: string; count: number };
type LazyTensor = { kind: 'tensor'; storage: Storage; offset: number; shape: number[]; stride: number[] };
type StorageBytes = (storage: Storage) => Uint8Array;

const REPAIR = 'Only state dicts are read; save again with torch.save(net.state_dict(), …)';
const invalid = (source: Source, problem: string) =>
  new DataError(`.pth: ${problem}`, { file: source.name, fix: REPAIR });

/**
 * Reads a PyTorch state dict: the zip form (torch 1.6 and later) or the stream form before it. Runs no code and refuses
 * what torch itself was attacked with: globals outside the list, the tar form, storages whose declared size is not the
 * size present, views that reach past their storage. Returns the tensors by key in file order, in C order. Throws DataError.
 */
export function readPth(source: Source): Map<string, HostTensor> {
  if (isZip(source)) return readZipForm(source);
  const first = source.size > 0 ? source.read(0, 1)[0] : -1;
  if (first === 0x80) return readStreamForm(source);
  throw invalid(source, 'is neither a torch zip archive nor a torch stream (the tar form of torch 0.1 is refused)');
}

// ---- the two containers ----

function readZipForm(source: Source): Map<string, HostTensor> {
  const files = readZip(source);
  const pickles = [...files.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw invalid(source, `${pickles.length} entries named <root>/data.pkl, expected one`);
  const root = pickles[0].name.slice(0, -'data.pkl'.length);
  const order = files.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order.read()) !== 'little') throw invalid(source, 'is not little-endian');
  const { value } = unpickle(pickles[0].read(), { globals: GLOBALS, persistent: storageOf(source) }, source.name);
  const bytes = (storage: Storage) => {
    const file = files.get(`${root}data/${storage.key}`);
    if (!file) throw invalid(source, `storage ${storage.key} is missing`);
    checkSize(source, storage, file.size);
    return file.read();
  };
  return materialise(source, value, bytes);
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
/** The five pickles of the stream form stand in front; those of the published 731 MB model take 20 KB. */
const MAX_PICKLES = 1 << 24;

function readStreamForm(source: Source): Map<string, HostTensor> {
  const head = source.read(0, Math.min(source.size, MAX_PICKLES));
  let at = 0;
  const next = (): Value => {
    const { value, end } = unpickle(head, { globals: GLOBALS, persistent: storageOf(source) }, source.name, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw invalid(source, 'the magic number of torch is missing');
  if (next() !== 1001) throw invalid(source, 'the stream protocol is not 1001');
  const system = next();
  if (!(system instanceof Map) || system.get('little_endian') !== true) throw invalid(source, 'is not little-endian');
  const value = next();
  const storages = streamStorages(source, next(), value, at);
  const bytes = (storage: Storage) => {
    const place = storages.get(storage.key);
    if (!place) throw invalid(source, `storage ${storage.key} is missing`);
    checkSize(source, storage, place.size);
    return source.read(place.offset, place.size);
  };
  return materialise(source, value, bytes);
}

type Place = { offset: number; size: number };

/** Behind the pickles: per key, in the listed order, an int64 element count and the raw elements. */
function streamStorages(source: Source, keys: Value, value: Value, start: number): Map<string, Place> {
  const dtypes = new Map([...tensorsOf(source, value).values()].map(({ storage }) => [storage.key, storage.dtype]));
  const places = new Map<string, Place>();
  if (!Array.isArray(keys)) throw invalid(source, 'the list of storages is missing');
  let at = start;
  for (const key of keys) {
    const dtype = dtypes.get(key);
    if (!dtype || places.has(key)) throw invalid(source, `storage ${String(key)} belongs to no tensor or stands twice`);
    const prefix = source.read(at, 8);
    const count = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigInt64(0, true));
    const size = count * BYTES[dtype];
    if (count < 0 || size > source.size - at - 8) throw invalid(source, `storage ${key} claims ${count} elements`);
    places.set(key, { offset: at + 8, size });
    at += 8 + size;
  }
  if (at !== source.size) throw invalid(source, `${source.size - at} bytes follow the last storage`);
  return places;
}

function checkSize(source: Source, { key, count, dtype }: Storage, present: number): void {
  if (count * BYTES[dtype] === present) return;
  throw invalid(source, `storage ${key} is declared as ${count} × ${dtype}, ${present} bytes are present`);
}

// ---- what the pickle may call ----

const isCount = (value: Value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: Value): value is number[] => isTuple(value) && value.every(isCount);
const isTensor = (value: Value): value is LazyTensor => (value as LazyTensor | null)?.kind === 'tensor';

const badCall = (name: string) => new DataError(`.pth: ${name} is called with unexpected arguments`, { fix: REPAIR });

/** `_rebuild_tensor` has the first four arguments; the later form adds requires_grad and hooks, of no use here. */
function rebuildTensor([storage, offset, shape, stride]: Tuple): LazyTensor {
  const known = (storage as Storage | null)?.kind === 'storage';
  if (!known || !isCount(offset) || !isCounts(shape) || !isCounts(stride) || shape.length !== stride.length) {
    throw badCall('_rebuild_tensor');
  }
  return { kind: 'tensor', storage: storage as Storage, offset, shape: [...shape], stride: [...stride] };
}

function rebuildParameter([tensor]: Tuple): LazyTensor {
  if (!isTensor(tensor)) throw badCall('_rebuild_parameter');
  return tensor;
}

function orderedDict(args: Tuple): Map<Value, Value> {
  if (args.length) throw badCall('OrderedDict'); // protocol 2 fills it with SETITEMS instead
  return new Map();
}

const callable = (name: string, call: (args: Tuple) => Value): [string, Global] => [name, { name, call }];

const GLOBALS: ReadonlyMap<string, Global> = new Map<string, Global>([
  callable('collections OrderedDict', orderedDict),
  callable('torch._utils _rebuild_tensor', rebuildTensor),
  callable('torch._utils _rebuild_tensor_v2', rebuildTensor),
  callable('torch._utils _rebuild_parameter', rebuildParameter),
  callable('torch Size', ([sizes]) => (isTuple(sizes) ? sizes : Object.freeze([]))),
  ...Object.keys(STORAGES).map((type): [string, Global] => [`torch ${type}Storage`, { name: type }]),
]);

/** ('storage', class, key, location, count[, view]); the view of the stream form is None in every file of torch ≥ 0.4. */
function storageOf(source: Source): (id: Value) => Storage {
  const seen = new Map<string, Storage>();
  return (id) => {
    const [tag, type, key, , count, view] = isTuple(id) ? id : [];
    const dtype = STORAGES[(type as Global | null | undefined)?.name ?? ''];
    if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
      throw invalid(source, 'a malformed storage');
    if (view !== undefined && view !== null) throw invalid(source, `storage ${key} is a view of another one`);
    const storage = seen.get(key) ?? { kind: 'storage', dtype, key, count };
    if (storage.dtype !== dtype || storage.count !== count)
      throw invalid(source, `storage ${key} is declared in two ways`);
    seen.set(key, storage);
    return storage;
  };
}

// ---- tensors ----

function tensorsOf(source: Source, value: Value): Map<string, LazyTensor> {
  if (!(value instanceof Map)) throw invalid(source, 'does not hold a dict of tensors');
  for (const [key, tensor] of value) {
    if (typeof key !== 'string' || !isTensor(tensor)) throw invalid(source, `entry ${String(key)} is no tensor`);
  }
  return value;
}

/** Copies out of shared storages may not add up to more than twice the file, or a small file could fill the memory. */
function materialise(source: Source, value: Value, bytesOf: StorageBytes): Map<string, HostTensor> {
  const arrays = new Map<string, TensorArray>();
  const tensors = new Map<string, HostTensor>();
  let copied = 0;
  for (const [name, tensor] of tensorsOf(source, value)) {
    const { storage, shape, offset } = tensor;
    const count = elementCount(shape);
    checkInside(source, name, tensor, count);
    const array = arrays.get(storage.key) ?? viewArray(storage.dtype, bytesOf(storage));
    arrays.set(storage.key, array);
    if (isContiguous(tensor)) {
      tensors.set(name, { dtype: storage.dtype, shape, data: array.subarray(offset, offset + count) as TensorArray });
      continue;
    }
    copied += count * BYTES[storage.dtype];
    if (copied > 2 * source.size) throw invalid(source, 'its views are many times larger than its storages');
    tensors.set(name, { dtype: storage.dtype, shape, data: gather(array, tensor, count) });
  }
  return tensors;
}

function checkInside(
  source: Source,
  name: string,
  { storage, offset, shape, stride }: LazyTensor,
  count: number,
): void {
  const last = shape.reduce((sum, side, axis) => sum + (side - 1) * stride[axis], offset);
  const inside = count === 0 ? offset <= storage.count : last < storage.count && count <= storage.count;
  if (!inside) throw invalid(source, `tensor ${name} [${shape}] reaches past its storage of ${storage.count} elements`);
}

function isContiguous({ shape, stride }: LazyTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] > 1 && stride[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}

function gather(array: TensorArray, { offset, shape, stride }: LazyTensor, count: number): TensorArray {
  const out = array.slice(0, count) as TensorArray;
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    out[i] = array[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis];
      if (++index[axis] < shape[axis]) break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The same for a file that is in memory whole. */
export const parsePth = (bytes: Uint8Array, name?: string): Map<string, HostTensor> =>
  readPth(bytesSource(bytes, name));
