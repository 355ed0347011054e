import { reflectionPad2d, reflectionPadGrad } from '../ops/pad.js';
import type { GradientRule } from './rule.js';

/** Padding and folding are each other's adjoint. Zero padding is `embed`. */
export const padGradients: Record<string, GradientRule> = {
  reflectionPad2d: ([dy], { attrs }) => [reflectionPadGrad(dy!, attrs.padding)],
  reflectionPad2dGrad: ([dy], { attrs }) => [reflectionPad2d(dy!, attrs.padding)],
};
