/** Builds pickles, torch archives and streams byte by byte, so that one thing at a time can be made wrong. */
import { crc32 } from '../../src/formats/crc32.js';
import { ascii, le } from './support.js';

export const PROTO = [0x80, 2];
export const STOP = 0x2e;
export const NONE = [0x4e];

export const globalOp = (module: string, name: string): number[] => [0x63, ...ascii(`${module}\n${name}\n`)];
export const text = (value: string): number[] => [0x58, ...le(ascii(value).length, 4), ...ascii(value)];
export const int = (value: number): number[] => [0x4a, ...le(value, 4)];
export const tuple = (...items: number[][]): number[] => [0x28, ...items.flat(), 0x74];
export const dict = (items: [string, number[]][]): number[] => [
  0x7d,
  0x28,
  ...items.flatMap(([key, value]) => [...text(key), ...value]),
  0x75,
];

const call = (module: string, name: string, args: number[]): number[] => [...globalOp(module, name), ...args, 0x52];

type StateDict = {
  name?: string;
  shape?: number[];
  stride?: number[];
  offset?: number;
  key?: string;
  count?: number;
  storage?: string;
  rebuild?: '_rebuild_tensor' | '_rebuild_tensor_v2' | '_rebuild_parameter';
  stream?: boolean;
  bare?: boolean;
};

/** The pickle of an OrderedDict with one tensor, by default [2, 3] over six floats in storage '0'. `bare`: the tensor alone. */
export function stateDict(change: StateDict): number[] {
  const { name = 'w', shape = [2, 3], stride = [3, 1], offset = 0, rebuild = '_rebuild_tensor_v2' } = change;
  const { key = '0', count = 6, storage = 'FloatStorage' } = change;
  const id = [text('storage'), globalOp('torch', storage), text(key), text('cpu'), int(count)];
  const four = [
    [...tuple(...id, ...(change.stream ? [NONE] : [])), 0x51],
    int(offset),
    tuple(...shape.map(int)),
    tuple(...stride.map(int)),
  ];
  const hooks = call('collections', 'OrderedDict', [0x29]);
  const old = rebuild === '_rebuild_tensor';
  let tensor = call(
    'torch._utils',
    old ? rebuild : '_rebuild_tensor_v2',
    tuple(...four, ...(old ? [] : [[0x89], hooks])),
  );
  if (rebuild === '_rebuild_parameter') tensor = call('torch._utils', rebuild, tuple(tensor, [0x88], hooks));
  if (change.bare) return tensor;
  return [...PROTO, ...call('collections', 'OrderedDict', [0x29]), ...text(name), ...tensor, 0x73, STOP];
}

/** A torch stream with one storage. */
export function stream(object: number[], data: number[], { count = data.length >> 2 } = {}): Uint8Array {
  const magic = [...PROTO, 0x8a, 10, ...le(0x1950a86a20f9469cfc6cn, 10), STOP];
  const protocol = [...PROTO, ...int(1001), STOP];
  const system = [...PROTO, ...dict([['little_endian', [0x88]]]), STOP];
  const keys = [...PROTO, 0x5d, ...text('0'), 0x61, STOP];
  return new Uint8Array([...magic, ...protocol, ...system, ...object, ...keys, ...le(count, 8), ...data]);
}

/** Overrides for one entry of an archive; what is not given is right. */
export type EntryChange = {
  method?: number;
  flags?: number;
  crc?: number;
  size?: number;
  localName?: string;
  header?: number;
  extra?: number[];
};

/** A stored zip archive. `changes` by entry index; `end` replaces fields of the end record. */
export function zip(
  entries: [string, number[]][],
  changes: Record<number, EntryChange> = {},
  end: { count?: number; offset?: number; disk?: number } = {},
): Uint8Array {
  const body: number[] = [];
  const directory: number[] = [];
  entries.forEach(([name, data], i) => {
    const {
      method = 0,
      flags = 0,
      crc = crc32(Uint8Array.from(data)),
      size = data.length,
      extra = [],
    } = changes[i] ?? {};
    const { localName = name, header = body.length } = changes[i] ?? {};
    const shared = [
      ...le(20, 2),
      ...le(flags, 2),
      ...le(method, 2),
      ...le(0, 4),
      ...le(crc, 4),
      ...le(size, 4),
      ...le(size, 4),
    ];
    const lengths = [...le(ascii(name).length, 2), ...le(extra.length, 2)];
    directory.push(
      ...le(0x02014b50, 4),
      ...le(20, 2),
      ...shared,
      ...lengths,
      ...le(0, 10),
      ...le(header, 4),
      ...ascii(name),
      ...extra,
    );
    body.push(...le(0x04034b50, 4), ...shared, ...le(ascii(localName).length, 2), ...le(0, 2), ...ascii(localName));
    for (const byte of data) body.push(byte); // not spread: a million bytes are too many arguments
  });
  const { count = entries.length, offset = body.length, disk = 0 } = end;
  const record = [...le(0x06054b50, 4), ...le(disk, 2), ...le(0, 2), ...le(count, 2), ...le(count, 2)];
  return Uint8Array.from([...body, ...directory, ...record, ...le(directory.length, 4), ...le(offset, 4), 0, 0]);
}
