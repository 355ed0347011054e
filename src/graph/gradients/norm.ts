import { instanceNormGrad } from '../ops/norm.js';
import type { GradientRule } from './rule.js';

/** Of the norm alone: its weight and bias are products and sums of the graph. */
export const normGradients: Record<string, GradientRule> = {
  instanceNorm: ([dy], { inputs, outputs }) => [dy ? instanceNormGrad(dy, inputs[0]!, outputs[1]!) : null],
};
