import { DataError } from '../errors.js';
import { isTuple } from './pickle.js';

/** Python's `collections.OrderedDict`, where a plain Map is written as a dict. */
export class OrderedDict<V> extends Map<string, V> {}

/** Writes what only the caller knows: opcodes for an object that is no plain value. */
export type PickleObject = (value: object) => number[];

/** Little-endian number of `size` bytes. */
export function le(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 255);
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const text = (value: string): number[] => [0x58, ...le(utf8(value).length, 4), ...utf8(value)];
const integer = (value: number): number[] =>
  value >= -(2 ** 31) && value < 2 ** 31 ? [0x4a, ...le(value, 4)] : [0x8a, 8, ...le(value, 8)];

function float(value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, false);
  return [0x47, ...bytes];
}

export const global = (module: string, name: string): number[] => [0x63, ...utf8(`${module}\n${name}\n`)];
export const call = (fn: number[], args: number[]): number[] => [...fn, ...args, 0x52];
export const tuple = (...items: number[][]): number[] => [0x28, ...items.flat(), 0x74];

export const ORDERED_DICT = call(global('collections', 'OrderedDict'), [0x29]);

/**
 * The opcodes of a value, without memo, in the types that pickle.ts reads back: null, booleans, numbers (whole ones as int),
 * strings, frozen arrays as tuples, arrays as lists, Maps as dicts. Everything else goes to `object`.
 */
export function pickled(value: unknown, object: PickleObject): number[] {
  if (value === null) return [0x4e];
  if (typeof value === 'boolean') return [value ? 0x88 : 0x89];
  if (typeof value === 'number') return Number.isSafeInteger(value) ? integer(value) : float(value);
  if (typeof value === 'string') return text(value);
  const inner = (item: unknown) => pickled(item, object);
  if (isTuple(value)) return tuple(...value.map(inner));
  if (Array.isArray(value)) return [0x5d, 0x28, ...value.flatMap(inner), 0x65];
  if (value instanceof Map) return dict(value, inner);
  if (typeof value === 'object') return object(value);
  throw new DataError(`a ${typeof value} cannot be pickled`);
}

function dict(map: ReadonlyMap<unknown, unknown>, inner: (item: unknown) => number[]): number[] {
  const start = map instanceof OrderedDict ? ORDERED_DICT : [0x7d];
  return [...start, 0x28, ...[...map].flatMap(([key, item]) => [...inner(key), ...inner(item)]), 0x75];
}

/** Opcodes as a pickle that can stand alone. */
export const wholePickle = (opcodes: readonly number[], protocol = 2): Uint8Array =>
  Uint8Array.from([0x80, protocol, ...opcodes, 0x2e]);
