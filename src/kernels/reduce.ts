import argmaxSource from '../../shaders/argmax.wgsl';
import rowsSource from '../../shaders/reduce-rows.wgsl';
import stridedSource from '../../shaders/reduce-strided.wgsl';
import { groupsFor, type Kernel } from './kernel.js';
import { type Mapping, operandParams, type Reached, valueHooks } from './pointwise.js';

/** Elements a thread sums in one pass. */
export const SEGMENT = 256;

export type Join = 'sum' | 'max';
const JOINS: Record<Join, string> = {
  sum: 'fn join(a: f32, b: f32) -> f32 { return a + b; }',
  max: 'fn join(a: f32, b: f32) -> f32 { return max(a, b); }',
};

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
  /** Segments of this launch, flat in the output. */
  start: number;
  finish: number;
  outBase: number;
  part: Part;
  factor: number;
}

export function rowsKernel(spec: RowsSpec): Kernel {
  const { mapping, tensors, length, segments, start, finish, outBase, part, factor, join } = spec;
  const elements = part.end - part.start;
  return {
    name: `${spec.op}.rows`,
    source: rowsSource,
    constants: {},
    hooks: { ...valueHooks(mapping, tensors), join: JOINS[join] },
    params: {
      start,
      end: finish,
      outBase,
      inStart: part.start,
      inEnd: part.end,
      length,
      segments,
      factor,
      ...operandParams(mapping, tensors),
    },
    workgroups: groupsFor(finish - start),
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
    hooks: { join: JOINS[join] },
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
