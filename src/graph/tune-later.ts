import type * as tune from './tune.js';

/** Programs that never tune never load it. */
export const tuned: typeof tune.tuned = async (...given) => (await import('./tune.js')).tuned(...given);
