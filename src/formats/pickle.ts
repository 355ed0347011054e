import { DataError } from '../errors.js';

/**
 * A reader for the part of Python's pickle format that state dicts and cluster files use. It runs no code: a GLOBAL is
 * looked up in the caller's table, and everything not in that table or not in OPCODES is an error that names itself.
 *
 * What comes back: dict and OrderedDict → Map, list → array, tuple → frozen array, bytes → Uint8Array, None → null,
 * int → number (bigint past 2^53), str → string, and whatever the table's functions return.
 */
export type Value = unknown;
export type Tuple = readonly Value[];

/** What a GLOBAL stands for. `call` answers REDUCE; a Global without it is a mere token, such as a storage class. */
export type Global = { readonly name: string; readonly call?: (args: Tuple) => Value };

/** Objects that accept BUILD carry this method. */
export const BUILD = Symbol('build');

export type PickleOptions = {
  /** Allowed globals by 'module name'. */
  globals: ReadonlyMap<string, Global>;
  /** Answers BINPERSID. */
  persistent?: (id: Value) => Value;
};

/** A state dict of 2,000 tensors takes 80,000 steps; a million leave room and bound time and memory to about 100 MB. */
const MAX_STEPS = 1_000_000;
const MARK = Symbol('mark');

type Machine = PickleOptions & {
  file: string;
  bytes: Uint8Array;
  view: DataView;
  at: number;
  opcodeAt: number;
  stack: Value[];
  memo: Map<number, Value>;
  known: ReadonlySet<Value>;
};

const fail = (m: Machine, problem: string): DataError =>
  new DataError(`pickle: ${problem} at byte ${m.opcodeAt}`, {
    file: m.file,
    fix: 'Only plain PyTorch state dicts and cluster files are read; save again with torch.save(net.state_dict(), …)',
  });

/** Reads one pickle that starts at `start`. Returns its value and the offset after its STOP. Throws DataError. */
export function unpickle(
  bytes: Uint8Array,
  options: PickleOptions,
  file = 'buffer',
  start = 0,
): { value: Value; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = new Set<Value>(options.globals.values());
  const m: Machine = { ...options, file, bytes, view, at: start, opcodeAt: start, stack: [], memo: new Map(), known };
  for (let step = 0; step < MAX_STEPS; step++) {
    m.opcodeAt = m.at;
    const code = take(m, 1)[0];
    if (code === STOP) return { value: pop(m), end: m.at };
    const run = OPCODES.get(code);
    if (!run) throw fail(m, `opcode ${opcodeName(code)} is not allowed`);
    run(m);
  }
  throw fail(m, `more than ${MAX_STEPS} steps`);
}

const opcodeName = (code: number): string => {
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return code > 32 && code < 127 ? `${hex} '${String.fromCharCode(code)}'` : hex;
};

// ---- bytes ----

function take(m: Machine, length: number): Uint8Array {
  if (length > m.bytes.length - m.at) throw fail(m, `${length} bytes are wanted, ${m.bytes.length - m.at} are left`);
  m.at += length;
  return m.bytes.subarray(m.at - length, m.at);
}

function u8(m: Machine): number {
  return take(m, 1)[0];
}

function u16(m: Machine): number {
  take(m, 2);
  return m.view.getUint16(m.at - 2, true);
}

function u32(m: Machine): number {
  take(m, 4);
  return m.view.getUint32(m.at - 4, true);
}

function i32(m: Machine): number {
  take(m, 4);
  return m.view.getInt32(m.at - 4, true);
}

function f64(m: Machine): number {
  take(m, 8);
  return m.view.getFloat64(m.at - 8, false);
}

function line(m: Machine): string {
  const end = m.bytes.indexOf(10, m.at);
  if (end < 0 || end - m.at > 256) throw fail(m, 'a name without an end');
  const text = latin1(m.bytes.subarray(m.at, end));
  m.at = end + 1;
  return text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function unicode(m: Machine, length: number): string {
  const bytes = take(m, length);
  try {
    return utf8.decode(bytes);
  } catch {
    throw fail(m, 'a string that is not UTF-8');
  }
}

/** Python 2 wrote byte strings without saying what they mean; one character a byte loses nothing. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

/** Two's complement, little endian. Ten bytes hold the largest that torch writes, its magic number. */
function long(m: Machine): number | bigint {
  const bytes = take(m, u8(m));
  if (bytes.length > 16) throw fail(m, `an integer of ${bytes.length} bytes`);
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  value = BigInt.asIntN(bytes.length * 8, value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

// ---- stack ----

function pop(m: Machine): Value {
  const value = m.stack.pop();
  if (value === undefined || value === MARK) throw fail(m, 'the stack is empty');
  return value;
}

function top(m: Machine): Value {
  const value = m.stack.at(-1);
  if (value === undefined || value === MARK) throw fail(m, 'the stack is empty');
  return value;
}

function popToMark(m: Machine): Value[] {
  const mark = m.stack.lastIndexOf(MARK);
  if (mark < 0) throw fail(m, 'there is no mark');
  const values = m.stack.splice(mark);
  return values.slice(1);
}

function popTuple(m: Machine, length: number): void {
  const values = Array.from({ length }, () => pop(m)).reverse();
  m.stack.push(Object.freeze(values));
}

function remember(m: Machine, index: number): void {
  m.memo.set(index, top(m));
}

function recall(m: Machine, index: number): void {
  const value = m.memo.get(index);
  if (value === undefined) throw fail(m, `nothing was stored under ${index}`);
  m.stack.push(value);
}

export const isTuple = (value: Value): value is Tuple => Array.isArray(value) && Object.isFrozen(value);
const isList = (value: Value): value is Value[] => Array.isArray(value) && !Object.isFrozen(value);

function append(m: Machine, values: Value[]): void {
  const list = top(m);
  if (!isList(list)) throw fail(m, 'APPEND to something that is no list');
  for (const value of values) list.push(value);
}

function setItems(m: Machine, pairs: Value[]): void {
  const map = top(m);
  if (!(map instanceof Map)) throw fail(m, 'SETITEM on something that is no dict');
  if (pairs.length % 2) throw fail(m, 'SETITEMS with a key that has no value');
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i];
    if (typeof key !== 'string' && typeof key !== 'number')
      throw fail(m, 'a dict key that is neither string nor integer');
    map.set(key, pairs[i + 1]);
  }
}

// ---- objects ----

function global(m: Machine): void {
  const name = `${line(m)} ${line(m)}`;
  const found = m.globals.get(name);
  if (!found) throw fail(m, `the global ${JSON.stringify(name.replace(' ', '.'))} is not allowed`);
  m.stack.push(found);
}

function reduce(m: Machine): void {
  const args = pop(m);
  const called = pop(m) as Global;
  if (!m.known.has(called) || !called.call) throw fail(m, 'REDUCE of something that is not callable');
  if (!isTuple(args)) throw fail(m, 'REDUCE without a tuple of arguments');
  m.stack.push(called.call(args));
}

/** The only state that torch gives an OrderedDict is `_metadata`, version numbers that nothing here needs. */
function build(m: Machine): void {
  const state = pop(m);
  const object = top(m) as { [BUILD]?: (state: Value) => void };
  if (object instanceof Map) return;
  if (typeof object !== 'object' || object === null || !object[BUILD])
    throw fail(m, 'BUILD on something that takes no state');
  object[BUILD](state);
}

function persistent(m: Machine): void {
  if (!m.persistent) throw fail(m, 'BINPERSID outside a tensor file');
  m.stack.push(m.persistent(pop(m)));
}

function protocol(m: Machine): void {
  const version = u8(m);
  if (version > 5) throw fail(m, `protocol ${version}`);
}

const STOP = 0x2e;

/** Everything that torch.save and numpy write with protocols 2 and 3; named as in Python's pickletools. */
const OPCODES: ReadonlyMap<number, (m: Machine) => void> = new Map([
  [0x80, protocol],
  [0x28, (m) => void m.stack.push(MARK)],
  [0x63, global],
  [0x52, reduce],
  [0x62, build],
  [0x51, persistent], // BINPERSID
  [0x71, (m) => remember(m, u8(m))], // BINPUT
  [0x72, (m) => remember(m, u32(m))], // LONG_BINPUT
  [0x68, (m) => recall(m, u8(m))], // BINGET
  [0x6a, (m) => recall(m, u32(m))], // LONG_BINGET
  [0x7d, (m) => void m.stack.push(new Map())], // EMPTY_DICT
  [0x5d, (m) => void m.stack.push([])], // EMPTY_LIST
  [0x29, (m) => popTuple(m, 0)], // EMPTY_TUPLE
  [0x85, (m) => popTuple(m, 1)],
  [0x86, (m) => popTuple(m, 2)],
  [0x87, (m) => popTuple(m, 3)],
  [0x74, (m) => void m.stack.push(Object.freeze(popToMark(m)))], // TUPLE
  [0x73, (m) => setItems(m, [pop(m), pop(m)].reverse())], // SETITEM
  [0x75, (m) => setItems(m, popToMark(m))], // SETITEMS
  [0x61, (m) => append(m, [pop(m)])], // APPEND
  [0x65, (m) => append(m, popToMark(m))], // APPENDS
  [0x4e, (m) => void m.stack.push(null)], // NONE
  [0x88, (m) => void m.stack.push(true)], // NEWTRUE
  [0x89, (m) => void m.stack.push(false)], // NEWFALSE
  [0x4a, (m) => void m.stack.push(i32(m))], // BININT
  [0x4b, (m) => void m.stack.push(u8(m))], // BININT1
  [0x4d, (m) => void m.stack.push(u16(m))], // BININT2
  [0x8a, (m) => void m.stack.push(long(m))], // LONG1
  [0x47, (m) => void m.stack.push(f64(m))], // BINFLOAT
  [0x58, (m) => void m.stack.push(unicode(m, u32(m)))], // BINUNICODE
  [0x55, (m) => void m.stack.push(latin1(take(m, u8(m))))], // SHORT_BINSTRING
  [0x54, (m) => void m.stack.push(latin1(take(m, u32(m))))], // BINSTRING
  [0x43, (m) => void m.stack.push(take(m, u8(m)))], // SHORT_BINBYTES
  [0x42, (m) => void m.stack.push(take(m, u32(m)))], // BINBYTES
]);
