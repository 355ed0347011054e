import argmaxSource from '../../shaders/argmax.wgsl';
import endsSource from '../../shaders/reduce-ends.wgsl';
import rowsSource from '../../shaders/reduce-rows.wgsl';
import stridedSource from '../../shaders/reduce-strided.wgsl';
import tree from '../../shaders/reduce-tree.wgsl';
import { groupsFor, type Kernel } from './kernel.js';
import { constantsOf, type Mapping, operandParams, type Reached, returning, tensorNames } from './pointwise.js';
import { joined } from './wgsl.js';

/** Elements a thread sums in one pass. */
export const SEGMENT = 256;

/** Segments of a row that one workgroup adds up. */
export const MOST_SEGMENTS = 256;

const ROWS = /* @__PURE__ */ joined(tree, rowsSource);
const ENDS = /* @__PURE__ */ joined(tree, endsSource);

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

export interface RowsSpec {
  op: string;
  mapping: Mapping;
  tensors: readonly Reached[];
  join: Join;
  length: number;
  segments: number;
  /** Segments of this launch, flat in the output; rows where it ends them. */
  start: number;
  finish: number;
  outBase: number;
  part: Part;
  factor: number;
  /** A workgroup a row, which adds its segments up: at most MOST_SEGMENTS. */
  ends: boolean;
  /** Whether it may read vec4 where rows are whole ones: another pipeline than where they are not. */
  wide: boolean;
}

const COMPONENTS = ['.x', '.y', '.z', '.w'];

/** How Values are joined, and then their components. */
function joinHooks(join: Join, components: readonly string[]): Record<string, string> {
  const all = components.map((c) => `v${c}`).reduce((a, b) => JOINED[join](a, b));
  return {
    join: joining(join, 'join', 'Value'),
    joinOne: joining(join, 'joinOne', 'f32'),
    along: `fn along(v: Value) -> f32 { return ${all}; }`,
  };
}

/** The expression for a Value, component by component. */
function rowHook(mapping: Mapping, components: readonly string[]): string {
  const names = tensorNames(mapping);
  const loads = names.map((name, k) => `let ${name} = operand${k}[i - params.base${k}];`);
  const calls = components.map((c) => `each(${names.map((name) => name + c).join(', ')})`);
  const each = `fn each(${names.map((name) => `${name}: f32`).join(', ')}) -> f32 { ${returning(mapping)} }`;
  return `${each}\nfn value(i: u32, row: u32) -> Value { ${loads.join(' ')} return Value(${calls.join(', ')}); }`;
}

export function rowsKernel(spec: RowsSpec): Kernel {
  const { mapping, tensors, length, segments, start, finish, outBase, part, factor, join, ends } = spec;
  const elements = part.end - part.start;
  const wide = spec.wide && length % 4 === 0 && tensors.every(({ base }) => base % 4 === 0);
  const components = wide ? COMPONENTS : [''];
  const width = components.length;
  return {
    name: `${spec.op}.rows`,
    source: ROWS,
    constants: { WIDTH: width, LANES: 8 / width, Value: wide ? 'vec4f' : 'f32' },
    hooks: { ...joinHooks(join, components), value: rowHook(mapping, components) },
    params: {
      ends: ends ? 1 : 0,
      start,
      end: finish,
      outBase,
      inStart: part.start,
      inEnd: part.end,
      length,
      segments,
      factor,
      ...operandParams(
        mapping,
        tensors.map((each) => ({ ...each, base: each.base / width })),
      ),
    },
    workgroups: ends ? finish - start : groupsFor(finish - start),
    flops: elements,
  };
}

/** What ends in a function of it: the sum of an expression over so many elements, times `factor`; its tensors are bound from `base` on. */
export interface Term {
  mapping: Mapping;
  base: number;
  length: number;
  factor: number;
}

/** A function of sums: `mapping`'s tensors are the terms, whose own tensors are bound in turn. */
export function endsKernel(op: string, mapping: Mapping, terms: readonly Term[]): Kernel {
  const totals = tensorNames(mapping).map((name, k) => `let ${name} = totals[${k}];`);
  const bases = terms.flatMap(({ mapping, base }) => tensorNames(mapping).map(() => base));
  const constants = [mapping, ...terms.map((term) => term.mapping)].map(constantsOf);
  let slot = 0;
  const cases = terms.map((term, k) => {
    const loads = tensorNames(term.mapping).map((name) => {
      const load = `let ${name} = operand${slot}[i - params.bases[${slot >> 2}][${slot & 3}]];`;
      slot++;
      return load;
    });
    const body = returning(term.mapping, constants.slice(0, k + 1).flat().length);
    return `${k === 0 ? 'default' : `case ${k}u`}: { ${loads.join(' ')} ${body} }`;
  });
  const elements = terms.reduce((sum, { length, mapping }) => sum + length * tensorNames(mapping).length, 0);
  return {
    name: `${op}.ends`,
    source: ENDS,
    constants: { TERMS: terms.length },
    hooks: {
      value: `fn value(i: u32, term: u32) -> f32 { switch (term) { ${cases.join(' ')} } }`,
      ended: `fn ended() -> f32 { ${[...totals, returning(mapping)].join(' ')} }`,
    },
    params: {
      lengths: terms.map(({ length }) => length),
      factors: terms.map(({ factor }) => factor),
      bases,
      constants: constants.flat(),
    },
    workgroups: 1,
    flops: elements,
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
  };
}
