import argmaxSource from '../../shaders/argmax.wgsl';
import rowsSource from '../../shaders/reduce-rows.wgsl';
import stridedSource from '../../shaders/reduce-strided.wgsl';
import { groupsFor, type Kernel } from './kernel.js';
import { type Mapping, MOST_TENSORS, operandEnds, operandParams, returning, tensorsOf } from './pointwise.js';

/** Elements a thread sums in one pass. */
export const SEGMENT = 256;

/** Segments of a row that one workgroup adds up. */
export const MOST_SEGMENTS = 256;

export type Join = 'sum' | 'max';
const JOINED: Record<Join, (a: string, b: string) => string> = {
  sum: (a, b) => `${a} + ${b}`,
  max: (a, b) => `max(${a}, ${b})`,
};
const joining = (join: Join, name: string, type: string): string =>
  `fn ${name}(a: ${type}, b: ${type}) -> ${type} { return ${JOINED[join]('a', 'b')}; }`;

/** Bound part of the reduced tensor, flat elements. */
export interface Part {
  start: number;
  end: number;
  base: number;
}

export interface RowsSpec extends Mapping {
  op: string;
  join: Join;
  length: number;
  segments: number;
  /** Segments of this launch, flat in the output; rows where it is the `end`. */
  start: number;
  finish: number;
  outBase: number;
  part: Part;
  factor: number;
  /** A workgroup a row, which adds its segments up: at most MOST_SEGMENTS. */
  end?: boolean;
  /** Operands have lengths of their own, and zeros behind. */
  short?: boolean;
}

const COMPONENTS = ['.x', '.y', '.z', '.w'];

const loadOf = (k: number, short: boolean): string =>
  short
    ? `select(0.0, operand${k}[min(i, params.end${k} - 1u)], i < params.end${k})`
    : `operand${k}[i - params.base${k}]`;

/** The expression for a Value, component by component, and how Values are joined in turn. */
function rowHooks({ join, short = false, ...mapping }: RowsSpec, wide: boolean): Record<string, string> {
  const type = wide ? 'Value' : 'f32';
  const components = wide ? COMPONENTS : [''];
  const tensors = tensorsOf(mapping.operands);
  const loads = tensors.map(({ name }, k) => `let ${name} = ${loadOf(k, short)};`);
  const calls = components.map((c) => `each(${tensors.map(({ name }) => `${name}${c}`).join(', ')})`);
  const each = `fn each(${tensors.map(({ name }) => `${name}: f32`).join(', ')}) -> f32 { ${returning(mapping)} }`;
  const inTurn = (from: string[]) => [...from, ...components.map((c) => `v${c}`)].reduce(JOINED[join]);
  return {
    value: `${each}\nfn value(i: u32) -> ${type} { ${loads.join(' ')} return ${wide ? `Value(${calls.join(', ')})` : calls[0]}; }`,
    join: joining(join, 'join', type),
    joinOne: joining(join, 'joinOne', 'f32'),
    first: `fn first(v: ${type}) -> f32 { return ${inTurn([])}; }`,
    next: `fn next(total: f32, v: ${type}) -> f32 { return ${inTurn(['total'])}; }`,
  };
}

export function rowsKernel(spec: RowsSpec): Kernel {
  const { op, operands, length, segments, start, finish, outBase, part, factor, end = false, short = false } = spec;
  const elements = part.end - part.start;
  const tensors = tensorsOf(operands);
  const wide = !short && length % 4 === 0 && tensors.every(({ base }) => base % 4 === 0);
  const width = wide ? 4 : 1;
  const { constants, ...bases } = operandParams(operands.map((each) => ({ ...each, base: each.base / width })));
  return {
    name: `${op}.${end ? 'row' : 'rows'}`,
    source: rowsSource,
    constants: { WIDTH: width, LANES: 8 / width, END: end, Value: wide ? 'vec4f' : 'f32' },
    hooks: rowHooks(spec, wide),
    params: {
      start,
      end: finish,
      outBase,
      inStart: part.start,
      inEnd: part.end,
      length,
      segments,
      factor,
      ...bases,
      ...operandEnds(operands, MOST_TENSORS),
      constants: constants!,
    },
    workgroups: end ? finish - start : groupsFor(finish - start),
    flops: elements,
    bytes: 4 * elements * operands.length,
  };
}

export interface StridedSpec {
  op: string;
  join: Join;
  middle: number;
  inner: number;
  start: number;
  finish: number;
  outBase: number;
  part: Part;
  factor: number;
}

export function stridedKernel({ op, join, middle, inner, start, finish, outBase, part, factor }: StridedSpec): Kernel {
  const elements = part.end - part.start;
  return {
    name: `${op}.strided`,
    source: stridedSource,
    constants: {},
    hooks: { join: joining(join, 'join', 'f32') },
    params: {
      start,
      end: finish,
      outBase,
      inStart: part.start,
      inEnd: part.end,
      inBase: part.base,
      middle,
      inner,
      factor,
    },
    workgroups: groupsFor(finish - start),
    flops: elements,
    bytes: 4 * elements,
  };
}

export function argmaxKernel(count: number, middle: number, inner: number, part: Part): Kernel {
  const elements = part.end - part.start;
  return {
    name: 'argmax.strided',
    source: argmaxSource,
    constants: {},
    params: { count, inStart: part.start, inEnd: part.end, inBase: part.base, middle, inner },
    workgroups: groupsFor(count),
    flops: elements,
    bytes: 4 * elements,
  };
}
