import source from '../../shaders/adam.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** Elements a thread computes. */
const TILE = 8;

export interface AdamRates {
  beta1: number;
  beta2: number;
  eps: number;
}

/** Elements `start` … `end` − 1 of tensors whose bindings begin with element `base`: w, g, m, v, scalars, nextW, nextM, nextV. */
export const adamStep = (range: { start: number; end: number; base: number }, rates: AdamRates): Kernel => {
  const count = range.end - range.start;
  return {
    name: 'adam.flat',
    source,
    constants: { TILE },
    params: { base: range.base, start: range.start, count, ...rates, rest1: 1 - rates.beta1, rest2: 1 - rates.beta2 },
    workgroups: groupsFor(count / TILE),
    flops: 12 * count,
    bytes: 4 * 7 * count,
  };
};
