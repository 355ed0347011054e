import type { CaseMaker } from './case.js';
import { convCases } from './conv.js';
import { lossCases } from './loss.js';
import { normCases } from './norm.js';
import { pointwiseCases } from './pointwise.js';
import { reduceCases } from './reduce.js';
import { shapeCases } from './shape.js';

/** Every op of the contract that stands alone (adam returns three tensors and has a test of its own). */
export const cases: Record<string, CaseMaker> = {
  ...pointwiseCases,
  ...reduceCases,
  ...convCases,
  ...normCases,
  ...shapeCases,
  ...lossCases,
};

export * from './case.js';
