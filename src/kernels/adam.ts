import source from '../../shaders/adam.wgsl';
import joinedSource from '../../shaders/adam-joined.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** Values a thread computes. */
const TILE = 16;

export interface AdamRates {
  beta1: number;
  beta2: number;
  eps: number;
}

const ratesOf = (rates: AdamRates) => ({ ...rates, rest1: 1 - rates.beta1, rest2: 1 - rates.beta2 });

/** Elements `start` … `end` − 1 of tensors whose bindings begin with element `base`: w, g, m, v, scalars, nextW, nextM, nextV. */
export const adamStep = (range: { start: number; end: number; base: number }, rates: AdamRates): Kernel => {
  const count = range.end - range.start;
  const first = range.start - range.base;
  const width = isWide(count) && first % 4 === 0 ? 4 : 1;
  return {
    name: 'adam.flat',
    source,
    constants: { TILE, Value: width === 4 ? 'vec4f' : 'f32' },
    params: { first: first / width, count: count / width, ...ratesOf(rates) },
    workgroups: groupsFor(count / width / TILE),
    flops: 12 * count,
  };
};

/** A parameter's elements, and where its moments begin in the buffer of all. */
export interface AdamPart {
  count: number;
  m: number;
  v: number;
}

/** Parameters that one dispatch has bindings for. */
export const MOST_PARTS = 3;

/** What fills whole vec4 and what does not are other kernels. */
export const isWide = (count: number): boolean => count % 4 === 0;

/** Two or three parameters in place, alike in `isWide`: w0, g0, w1, …, moments, scalars. */
export function adamSteps(parts: readonly AdamPart[], rates: AdamRates): Kernel {
  const width = isWide(parts[0]!.count) ? 4 : 1;
  const values = (name: keyof AdamPart) => parts.map((part) => part[name] / width);
  let end = 0;
  const ends = parts.map(({ count }) => (end += groupsFor(count / width / TILE)));
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return {
    name: 'adam.joined',
    source: joinedSource,
    constants: { TILE, THIRD: parts.length === MOST_PARTS, Value: width === 4 ? 'vec4f' : 'f32' },
    params: { ...ratesOf(rates), ends, counts: values('count'), means: values('m'), squares: values('v') },
    workgroups: end,
    flops: 12 * count,
  };
}
