import type * as full from './warm.js';

/** Browsers compile a pipeline where it is asked for. */
export const warm: typeof full.warm = async () => {};
