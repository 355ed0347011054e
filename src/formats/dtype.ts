import { DataError } from '../errors.js';
import { fromHalf, toHalf } from '../float16.js';

/** Element types, by the names safetensors gives them. */
export type DType = keyof typeof ARRAYS;

/** The host array of each type. 16-bit floats stay as their bits, since no host array has that type. */
export const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  F8_E5M2: Uint8Array,
  F8_E4M3: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F64: Float64Array,
} as const;

/** Bytes per element. */
export const bytesPer = (dtype: DType): number => ARRAYS[dtype].BYTES_PER_ELEMENT;

export type TensorArray = InstanceType<(typeof ARRAYS)[DType]>;

/** A tensor on the host in C order; `data` has as many elements as the product of `shape` (1 for a scalar, []). */
export type HostTensor = { dtype: DType; shape: number[]; data: TensorArray };

export const isDType = (name: unknown): name is DType => typeof name === 'string' && Object.hasOwn(ARRAYS, name);

/** Product of a shape, or NaN where a side is no whole number ≥ 0 or the product passes 2^53. */
export function elementCount(shape: readonly unknown[]): number {
  let count = 1;
  for (const side of shape) {
    if (!Number.isSafeInteger(side) || (side as number) < 0) return Number.NaN;
    count *= side as number;
    if (!Number.isSafeInteger(count)) return Number.NaN;
  }
  return count;
}

/** Little-endian bytes as the host array of `dtype`: a view where the alignment allows it, else a copy. */
export function viewArray(dtype: DType, bytes: Uint8Array): TensorArray {
  const size = bytesPer(dtype);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes); // a Buffer's slice would be no copy
  return new ARRAYS[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes under a host array, without a copy. */
export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

/** f32 values as the bits of halves. Throws DataError for a finite value beyond ±65504. */
export function toFloat16(values: Float32Array, name = 'tensor'): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    halves[i] = toHalf(values[i]);
    if ((halves[i] & 0x7fff) === 0x7c00 && Number.isFinite(values[i]))
      throw new DataError(`${name} holds ${values[i]}, beyond what f16 can hold`, { fix: 'Use --dtype f32' });
  }
  return halves;
}

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

function fromBrain(brain: number): number {
  bits[0] = brain << 16;
  return asFloat[0];
}

const DECODE: Partial<Record<DType, (value: never) => number>> = {
  F16: fromHalf,
  BF16: fromBrain,
  I64: Number,
  U64: Number,
};

/**
 * A tensor's values as float32: F32 comes back as it is (no copy), everything else is converted, rounding to nearest.
 * Throws DataError for the 8-bit floats, which no pix2pixHD file holds.
 */
export function toFloat32({ dtype, data }: HostTensor, name = 'tensor'): Float32Array {
  if (dtype === 'F32') return data as Float32Array;
  if (dtype === 'F8_E5M2' || dtype === 'F8_E4M3')
    throw new DataError(`${name} has dtype ${dtype}, expected F16 or wider`);
  const decode = DECODE[dtype] as ((value: number | bigint) => number) | undefined;
  if (!decode) return new Float32Array(data as ArrayLike<number>);
  const values = new Float32Array(data.length); // Float32Array.from would first make a list of all values
  for (let i = 0; i < values.length; i++) values[i] = decode(data[i]);
  return values;
}
