import type * as full from './norm-plane.js';

// Pages load what GPUs start with: `lanes`.

export const lowerNormPlane: typeof full.lowerNormPlane = () => undefined;
export const lowerNormGradPlane: typeof full.lowerNormGradPlane = () => undefined;
