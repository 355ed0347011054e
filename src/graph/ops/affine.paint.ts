import type * as full from './affine.js';
import { ADD, MUL } from './expressions.js';
import { following } from './following.js';

export const affine: typeof full.affine = (_, unit, { weight, bias }) => {
  const scaled = weight ? following(unit, MUL, weight) : unit;
  return bias ? following(scaled, ADD, bias) : scaled;
};
