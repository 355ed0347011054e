import { convGradients } from './conv.js';
import { labelGradients } from './label-conv.js';
import { normGradients } from './norm.js';
import { padGradients } from './pad.js';
import { lossGradients, pointwiseGradients } from './pointwise.js';
import { poolGradients } from './pool.js';
import { regionGradients } from './region.js';
import type { GradientRule } from './rule.js';
import { shapeGradients } from './shape.js';

/** Op name → gradient. Imported by autograd.ts alone, so that an inference bundle carries none of it. */
export const gradientRules: Record<string, GradientRule> = {
  ...pointwiseGradients,
  ...lossGradients,
  ...shapeGradients,
  ...convGradients,
  ...labelGradients,
  ...normGradients,
  ...padGradients,
  ...poolGradients,
  ...regionGradients,
};
