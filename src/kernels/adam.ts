import source from '../../shaders/adam.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** Values a thread computes. */
const TILE = 2;

export interface AdamRates {
  beta1: number;
  beta2: number;
  eps: number;
}

/** Elements `start` … `end` − 1 of tensors whose bindings begin with element `base`: w, g, m, v, scalars, nextW, nextM, nextV. */
export const adamStep = (range: { start: number; end: number; base: number }, rates: AdamRates): Kernel => {
  const count = range.end - range.start;
  const first = range.start - range.base;
  const width = count % 4 === 0 && first % 4 === 0 ? 4 : 1;
  return {
    name: 'adam.flat',
    source,
    constants: { TILE, Value: width === 4 ? 'vec4f' : 'f32' },
    params: { first: first / width, count: count / width, ...rates, rest1: 1 - rates.beta1, rest2: 1 - rates.beta2 },
    workgroups: groupsFor(count / width / TILE),
    flops: 12 * count,
  };
};
