import type * as recompute from './recompute.js';

/** What only paints has no way back to save memory on. */
export const recomputed: typeof recompute.recomputed = (spec) => spec;
