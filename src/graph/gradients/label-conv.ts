import { labelWeight } from '../ops/label-conv.js';
import type { GradientRule } from './rule.js';

export const labelGradients: Record<string, GradientRule> = {
  labelConv2d: ([dy], { inputs: [ids], attrs }, wants) => [null, wants[1] ? labelWeight(ids!, dy!, attrs) : null],
};
