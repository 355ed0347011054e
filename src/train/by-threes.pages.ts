import type * as groups from './by-threes.js';

/** In a page every parameter is by itself. */
export const byThrees: typeof groups.byThrees = (names) => names.map((name) => [name]);
