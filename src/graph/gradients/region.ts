import { meanOver } from '../ops/region.js';
import type { GradientRule } from './rule.js';

/** Each pixel gets the mean of its region's gradients: the op itself. */
export const regionGradients: Record<string, GradientRule> = {
  regionMean: ([dy], { inputs: [, regions, table], attrs }) => [meanOver(dy!, regions!, table!, attrs), null, null],
};
