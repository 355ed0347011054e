import { DataError } from '../errors.js';
import { bytesPer, type DType, elementCount, type HostTensor, type TensorArray, viewArray } from './dtype.js';
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

/** A promised storage: which one, how many elements; its bytes stay in the file until a tensor is read. */
type Storage = { kind: 'storage'; dtype: DType; key: string; count: number };

/** A tensor that is still in its file. */
export type PthTensor = {
  readonly kind: 'tensor';
  readonly dtype: DType;
  readonly shape: number[];
  readonly storage: Storage;
  readonly offset: number;
  readonly stride: readonly number[];
};

/** Bytes of a storage from `offset`, both counted in bytes. */
type ReadStorage = (storage: Storage, offset: number, length: number) => Uint8Array;
type Container = { source: Source; value: Value; readStorage: ReadStorage };

/** What was pickled, its tensors still in the file. */
export type PthObject = {
  readonly value: Value;
  /** One tensor, in C order; `name` is for messages. Throws DataError where it reaches past its storage. */
  read(tensor: PthTensor, name: string): HostTensor;
};

/** A state dict: tensors by key in file order, read one at a time. */
export type PthFile = { readonly tensors: ReadonlyMap<string, PthTensor>; read(name: string): HostTensor };

const REPAIR = 'Only state dicts are read; save again with torch.save(net.state_dict(), …)';
const invalid = (source: Source, problem: string) =>
  new DataError(`.pth: ${problem}`, { file: source.name, fix: REPAIR });

/**
 * Opens what torch.save wrote: the zip form (torch 1.6 and later) or the stream form before it. Runs no code and refuses what
 * torch itself was attacked with: globals outside the list, the tar form, storages whose declared size is not the size
 * present, views that reach past their storage. No tensor is read yet. Throws DataError.
 */
export function openPthObject(source: Source): PthObject {
  const container = openContainer(source);
  return { value: container.value, read: (tensor, name) => readTensor(container, tensor, name) };
}

/** The same for a state dict; every tensor has been checked against its storage. Throws DataError. */
export function openPth(source: Source): PthFile {
  const container = openContainer(source);
  const tensors = tensorsOf(source, container.value);
  checkTensors(source, tensors);
  return {
    tensors,
    read(name) {
      const tensor = tensors.get(name);
      if (!tensor) throw new DataError(`no tensor named ${name} among its ${tensors.size}`, { file: source.name });
      return readTensor(container, tensor, name);
    },
  };
}

/** All tensors of a state dict by key in file order, in C order. Throws DataError. */
export function readPth(source: Source): Map<string, HostTensor> {
  const { tensors, read } = openPth(source);
  return new Map([...tensors.keys()].map((name) => [name, read(name)]));
}

// ---- the two containers ----

function openContainer(source: Source): Container {
  if (isZip(source)) return openZipForm(source);
  const first = source.size > 0 ? source.read(0, 1)[0] : -1;
  if (first === 0x80) return openStreamForm(source);
  throw invalid(source, 'is neither a torch zip archive nor a torch stream (the tar form of torch 0.1 is refused)');
}

function openZipForm(source: Source): Container {
  const files = readZip(source);
  const pickles = [...files.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw invalid(source, `${pickles.length} entries named <root>/data.pkl, expected one`);
  const root = pickles[0].name.slice(0, -'data.pkl'.length);
  const order = files.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order.read()) !== 'little') throw invalid(source, 'is not little-endian');
  const storages = storageTable(source);
  const { value } = unpickle(pickles[0].read(), { globals: GLOBALS, persistent: storages.declare }, source.name);
  const fileOf = ({ key }: Storage) => files.get(`${root}data/${key}`);
  for (const storage of storages.declared.values()) checkSize(source, storage, fileOf(storage)?.size);
  return { source, value, readStorage: (storage, offset, length) => fileOf(storage)!.read(offset, length) };
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
/** The five pickles of the stream form stand in front; those of the published 731 MB model take 20 KB. */
const MAX_PICKLES = 1 << 24;

function openStreamForm(source: Source): Container {
  const head = source.read(0, Math.min(source.size, MAX_PICKLES));
  const storages = storageTable(source);
  let at = 0;
  const next = (): Value => {
    const { value, end } = unpickle(head, { globals: GLOBALS, persistent: storages.declare }, source.name, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw invalid(source, 'the magic number of torch is missing');
  if (next() !== 1001) throw invalid(source, 'the stream protocol is not 1001');
  const system = next();
  if (!(system instanceof Map) || system.get('little_endian') !== true) throw invalid(source, 'is not little-endian');
  const value = next();
  const places = streamStorages(source, next(), storages.declared, at);
  for (const storage of storages.declared.values()) checkSize(source, storage, places.get(storage.key)?.size);
  return {
    source,
    value,
    readStorage: ({ key }, offset, length) => source.read(places.get(key)!.offset + offset, length),
  };
}

type Place = { offset: number; size: number };

/** Behind the pickles: per key, in the listed order, an int64 element count and the raw elements. */
function streamStorages(
  source: Source,
  keys: Value,
  declared: ReadonlyMap<string, Storage>,
  start: number,
): Map<string, Place> {
  const places = new Map<string, Place>();
  if (!Array.isArray(keys)) throw invalid(source, 'the list of storages is missing');
  let at = start;
  for (const key of keys) {
    const dtype = declared.get(key)?.dtype;
    if (!dtype || places.has(key)) throw invalid(source, `storage ${String(key)} belongs to no tensor or stands twice`);
    const prefix = source.read(at, 8);
    const count = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigInt64(0, true));
    const size = count * bytesPer(dtype);
    if (count < 0 || size > source.size - at - 8) throw invalid(source, `storage ${key} claims ${count} elements`);
    places.set(key, { offset: at + 8, size });
    at += 8 + size;
  }
  if (at !== source.size) throw invalid(source, `${source.size - at} bytes follow the last storage`);
  return places;
}

function checkSize(source: Source, { key, count, dtype }: Storage, present: number | undefined): void {
  if (present === undefined) throw invalid(source, `storage ${key} is missing`);
  if (count * bytesPer(dtype) === present) return;
  throw invalid(source, `storage ${key} is declared as ${count} × ${dtype}, ${present} bytes are present`);
}

// ---- what the pickle may call ----

const isCount = (value: Value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: Value): value is number[] => isTuple(value) && value.every(isCount);
export const isTensor = (value: Value): value is PthTensor => (value as PthTensor | null)?.kind === 'tensor';

const badCall = (name: string) => new DataError(`.pth: ${name} is called with unexpected arguments`, { fix: REPAIR });

/** `_rebuild_tensor` has the first four arguments; the later form adds requires_grad and hooks, of no use here. */
function rebuildTensor([given, offset, shape, stride]: Tuple): PthTensor {
  const storage = given as Storage | null;
  const known = storage?.kind === 'storage';
  if (!known || !isCount(offset) || !isCounts(shape) || !isCounts(stride) || shape.length !== stride.length) {
    throw badCall('_rebuild_tensor');
  }
  return { kind: 'tensor', dtype: storage.dtype, shape: [...shape], storage, offset, stride: [...stride] };
}

function rebuildParameter([tensor]: Tuple): PthTensor {
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
function storageTable(source: Source): { declared: ReadonlyMap<string, Storage>; declare(id: Value): Storage } {
  const declared = new Map<string, Storage>();
  const declare = (id: Value): Storage => {
    const [tag, type, key, , count, view] = isTuple(id) ? id : [];
    const dtype = STORAGES[(type as Global | null | undefined)?.name ?? ''];
    if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
      throw invalid(source, 'a malformed storage');
    if (view !== undefined && view !== null) throw invalid(source, `storage ${key} is a view of another one`);
    const storage = declared.get(key) ?? { kind: 'storage', dtype, key, count };
    if (storage.dtype !== dtype || storage.count !== count)
      throw invalid(source, `storage ${key} is declared in two ways`);
    declared.set(key, storage);
    return storage;
  };
  return { declared, declare };
}

// ---- tensors ----

function tensorsOf(source: Source, value: Value): Map<string, PthTensor> {
  if (!(value instanceof Map)) throw invalid(source, 'does not hold a dict of tensors');
  for (const [key, tensor] of value) {
    if (typeof key !== 'string' || !isTensor(tensor)) throw invalid(source, `entry ${String(key)} is no tensor`);
  }
  return value;
}

/** Tensors that share storages may not add up to more than twice the file, or a small file could fill the memory. */
function checkTensors(source: Source, tensors: ReadonlyMap<string, PthTensor>): void {
  let bytes = 0;
  for (const [name, tensor] of tensors) bytes += checkInside(source, name, tensor).count * bytesPer(tensor.dtype);
  if (bytes > 2 * source.size) throw invalid(source, 'its views are many times larger than its storages');
}

/** Elements of the tensor, and of its storage from its first to its last. */
function checkInside(source: Source, name: string, { storage, offset, shape, stride }: PthTensor) {
  const count = elementCount(shape);
  const last = shape.reduce((sum, side, axis) => sum + (side - 1) * stride[axis], offset);
  const inside = count === 0 ? offset <= storage.count : last < storage.count && count <= storage.count;
  if (!inside) throw invalid(source, `tensor ${name} [${shape}] reaches past its storage of ${storage.count} elements`);
  return { count, span: count === 0 ? 0 : last + 1 - offset };
}

/** Only what lies between the first and the last element is read. */
function readTensor({ source, readStorage }: Container, tensor: PthTensor, name: string): HostTensor {
  const { dtype, shape, storage, offset } = tensor;
  const { count, span } = checkInside(source, name, tensor);
  const array = viewArray(dtype, readStorage(storage, offset * bytesPer(dtype), span * bytesPer(dtype)));
  return { dtype, shape, data: isContiguous(tensor) ? array : gather(array, tensor, count) };
}

function isContiguous({ shape, stride }: PthTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] > 1 && stride[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}

/** The elements of a strided view in C order; `array` begins with its first. */
function gather(array: TensorArray, { shape, stride }: PthTensor, count: number): TensorArray {
  const out = new (array.constructor as new (length: number) => TensorArray)(count);
  const index = shape.map(() => 0);
  let at = 0;
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
