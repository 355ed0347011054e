import type * as horizontal from './horizontal.js';

/** A page has a dispatch for every preparation. */
export const fuseHorizontally: typeof horizontal.fuseHorizontally = () => {};
