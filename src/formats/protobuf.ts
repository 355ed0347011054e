// The wire format of protobuf, writing only: https://protobuf.dev/programming-guides/encoding

import { bytesPer, elementCount } from './dtype.js';
import type { TensorToWrite } from './safetensors.js';

/** Encoded fields. Their size is known while tensors among them are not read yet: every message starts with its length. */
export interface Message {
  readonly size: number;
  readonly parts: readonly (Uint8Array | TensorToWrite)[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

export const tensorBytes = ({ dtype, shape }: Pick<TensorToWrite, 'dtype' | 'shape'>): number =>
  elementCount(shape) * bytesPer(dtype);

/** Seven bits a byte, lowest first, the top bit on all but the last; for whole numbers from 0 to 2^53. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

const raw = (bytes: Uint8Array): Message => ({ size: bytes.length, parts: [bytes] });
const tag = (field: number, type: number): number[] => varint(field * 8 + type);

/** Messages one after another, which is a message with the fields of all. */
export const message = (...fields: readonly Message[]): Message => ({
  size: fields.reduce((sum, { size }) => sum + size, 0),
  parts: fields.flatMap(({ parts }) => parts),
});

const sized = (field: number, content: Message): Message =>
  message(raw(Uint8Array.from([...tag(field, LENGTH), ...varint(content.size)])), content);

export const int = (field: number, value: number): Message =>
  raw(Uint8Array.from([...tag(field, VARINT), ...varint(value)]));

export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return raw(Uint8Array.from([...tag(field, FIXED32), ...bytes]));
}

export function double(field: number, value: number): Message {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return raw(Uint8Array.from([...tag(field, FIXED64), ...bytes]));
}

export const bytes = (field: number, value: Uint8Array): Message => sized(field, raw(value));

export const text = (field: number, value: string): Message => bytes(field, new TextEncoder().encode(value));

/** The bytes of a tensor as they lie in memory. */
export const tensorData = (field: number, tensor: TensorToWrite): Message =>
  sized(field, { size: tensorBytes(tensor), parts: [tensor] });

/** A field that is a message. */
export const nested = (field: number, ...fields: readonly Message[]): Message => sized(field, message(...fields));
