import { DataError } from '../errors.js';
import { bytesOf, bytesPer, type DType, elementCount, type HostTensor, viewArray } from './dtype.js';
import { BUILD, type Global, isTuple, type Tuple, unpickle, type Value } from './pickle.js';

const invalid = (file: string, problem: string, fix?: string) => new DataError(`.npy: ${problem}`, { file, fix });

/** numpy's type codes; the byte order mark in front is checked apart. */
const TYPES: ReadonlyMap<string, DType> = new Map([
  ['f4', 'F32'],
  ['f8', 'F64'],
  ['f2', 'F16'],
  ['i1', 'I8'],
  ['i2', 'I16'],
  ['i4', 'I32'],
  ['i8', 'I64'],
  ['u1', 'U8'],
  ['u2', 'U16'],
  ['u4', 'U32'],
  ['u8', 'U64'],
  ['b1', 'BOOL'],
]);

type Header = { descr: string; shape: number[]; start: number };

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/** A float32 array as an .npy file of version 1.0, header filled up to a multiple of 64 as numpy does. */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array {
  if (elementCount(shape) !== data.length) throw new DataError(`.npy: shape [${shape}] for ${data.length} values`);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const file = new Uint8Array(start + data.byteLength).fill(0x20, 0, start);
  file.set([...MAGIC, 1, 0, (start - 10) & 255, (start - 10) >> 8]);
  file.set(new TextEncoder().encode(dict), 10);
  file[start - 1] = 0x0a;
  file.set(bytesOf(data), start);
  return file;
}

/** A numeric .npy file (versions 1 to 3, little-endian, C order). Throws DataError naming `file`. */
export function decodeNpy(bytes: Uint8Array, file = 'buffer'): HostTensor {
  const { descr, shape, start } = readHeader(bytes, file);
  const dtype = typeOf(descr, file);
  const size = elementCount(shape) * bytesPer(dtype);
  if (size !== bytes.length - start)
    throw invalid(file, `[${shape}] of ${dtype} takes ${size} bytes, ${bytes.length - start} are there`);
  return { dtype, shape, data: viewArray(dtype, bytes.subarray(start)) };
}

function typeOf(descr: string, file: string): DType {
  const dtype = TYPES.get(descr.slice(1));
  if (!dtype || descr[0] !== (bytesPer(dtype) === 1 ? '|' : '<'))
    throw invalid(file, `element type ${JSON.stringify(descr)}`, 'Save it as float32, little-endian');
  return dtype;
}

/** The header is a Python literal of a fixed form; a pattern of exactly that form cannot be tricked as a parser can. */
const DICT = /^\{'descr': '([^']{1,16})', 'fortran_order': (True|False), 'shape': \(([\d, ]{0,400})\), ?\}\s*$/;

function readHeader(bytes: Uint8Array, file: string): Header {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw invalid(file, 'the numpy signature is missing');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6];
  if (major < 1 || major > 3) throw invalid(file, `version ${major}`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (major === 1 ? 10 : 12) + length;
  if (length > 65536 || start > bytes.length) throw invalid(file, `a header of ${length} bytes does not fit`);
  const match = DICT.exec(new TextDecoder().decode(bytes.subarray(start - length, start)));
  if (!match) throw invalid(file, 'the header is not understood');
  if (match[2] === 'True') throw invalid(file, 'is in Fortran order', 'Save it with numpy.ascontiguousarray');
  const shape = match[3]
    .split(',')
    .filter((side) => side.trim())
    .map(Number);
  if (Number.isNaN(elementCount(shape))) throw invalid(file, `impossible shape [${shape}]`);
  return { descr: match[1], shape, start };
}

// ---- cluster files: a pickled 0-d object array holding {class: array} ----

/** Feature vectors of one class: `rows` × `columns` values in row order. */
export type Clusters = { rows: number; columns: number; data: Float64Array };

export const clusterRows = ({ rows, columns, data }: Clusters): number[][] =>
  Array.from({ length: rows }, (_, row) => [...data.subarray(row * columns, (row + 1) * columns)]);

type NumpyType = { dtype?: DType; code: string; [BUILD](state: Value): void };
type NumpyArray = { content?: HostTensor | Value[]; [BUILD](state: Value): void };

/**
 * The reference's `features.npy` and `features_clustered_*.npy`: class id → feature vectors. Reads what numpy 1 and 2
 * and Python 2 and 3 write; runs no code. Throws DataError naming `file`.
 */
export function decodeClusters(bytes: Uint8Array, file = 'buffer'): Map<number, Clusters> {
  const { descr, shape, start } = readHeader(bytes, file);
  if (descr !== '|O' || shape.length) throw invalid(file, `expected one pickled object, got ${descr} [${shape}]`);
  const { value, end } = unpickle(bytes, { globals: GLOBALS }, file, start);
  if (end !== bytes.length) throw invalid(file, `${bytes.length - end} bytes follow the pickle`);
  const content = (value as NumpyArray | null)?.content;
  const dict = Array.isArray(content) ? content[0] : undefined;
  if (!(dict instanceof Map)) throw invalid(file, 'does not hold a dict of arrays');
  return new Map([...dict].map(([key, array]) => [classId(key, file), clustersOf(key, array, file)]));
}

function classId(key: Value, file: string): number {
  if (!Number.isSafeInteger(key) || (key as number) < 0) throw invalid(file, `class ${String(key)} is no class id`);
  return key as number;
}

function clustersOf(key: Value, array: Value, file: string): Clusters {
  const tensor = (array as NumpyArray | null)?.content;
  if (!tensor || Array.isArray(tensor) || tensor.shape.length !== 2 || !/^F(32|64)$/.test(tensor.dtype)) {
    throw invalid(file, `class ${String(key)} does not hold a matrix of floats`);
  }
  const [rows, columns] = tensor.shape;
  return { rows, columns, data: Float64Array.from(tensor.data as ArrayLike<number>) };
}

const badCall = (what: string) => new DataError(`.npy: ${what}`, { fix: 'Only cluster files of pix2pixHD are read' });

/** numpy.dtype('f8', False, True), then BUILD (3, '<', None, …): the byte order arrives with the state. */
function numpyType([code]: Tuple): NumpyType {
  if (typeof code !== 'string') throw badCall('a dtype without a code');
  return {
    code,
    [BUILD](state) {
      const order = isTuple(state) ? state[1] : undefined;
      if (order !== '<' && order !== '|') throw badCall(`byte order ${String(order)}`);
      this.dtype = TYPES.get(code);
    },
  };
}

/** _reconstruct makes an empty array; BUILD (version, shape, dtype, fortran, bytes or list of objects) fills it. */
function reconstruct(): NumpyArray {
  return {
    [BUILD](state) {
      const [, shape, type, fortran, raw] = isTuple(state) ? state : [];
      if (!isTuple(shape) || fortran !== false) throw badCall('an array state that is not understood');
      const code = (type as NumpyType | null)?.code;
      this.content = code === 'O8' || code === 'O4' ? objects(shape, raw) : numbers(shape, type, raw);
    },
  };
}

function objects(shape: Tuple, raw: Value): Value[] {
  if (!Array.isArray(raw) || raw.length !== elementCount(shape)) throw badCall('an object array of the wrong length');
  return raw;
}

function numbers(shape: Tuple, type: Value, raw: Value): HostTensor {
  const dtype = (type as NumpyType | null)?.dtype;
  const bytes = typeof raw === 'string' ? fromLatin1([raw]) : raw;
  if (!dtype || !(bytes instanceof Uint8Array)) throw badCall('an array without a known type or without bytes');
  if (elementCount(shape) * bytesPer(dtype) !== bytes.length)
    throw badCall(`[${shape}] of ${dtype} in ${bytes.length} bytes`);
  return { dtype, shape: [...(shape as number[])], data: viewArray(dtype, bytes) };
}

/** Python 3 writes bytes in protocol 2 as _codecs.encode(text, 'latin1'). */
function fromLatin1([text]: Tuple): Uint8Array {
  if (typeof text !== 'string') throw badCall('_codecs.encode of something that is no string');
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 255);
}

/** numpy integers as dict keys: scalar(dtype, bytes). */
function scalar([type, raw]: Tuple): number {
  return Number(numbers(Object.freeze([]), type, raw).data[0]);
}

const globals: [string, Global['call']][] = [
  ['numpy ndarray', undefined],
  ['numpy dtype', numpyType],
  ['_codecs encode', fromLatin1],
  ...['numpy.core', 'numpy._core'].flatMap((core): [string, Global['call']][] => [
    [`${core}.multiarray _reconstruct`, reconstruct],
    [`${core}.multiarray scalar`, scalar],
  ]),
];
const GLOBALS: ReadonlyMap<string, Global> = new Map(globals.map(([name, call]) => [name, { name, call }]));
