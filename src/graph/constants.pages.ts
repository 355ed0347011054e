import type * as constants from './constants.js';

/** Pages have no memory to keep transformed weights in. */
export const takeConstants: typeof constants.takeConstants = () => [];
