import type * as full from './wgsl-lanes.js';

// No shader that pages load hands loads round.

export const dropConditional: typeof full.dropConditional = (source) => source;
export const lookUp: typeof full.lookUp = (lines) => lines;
export const inlineCalls: typeof full.inlineCalls = (lines) => lines;
