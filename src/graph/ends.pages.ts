import type * as ends from './ends.js';

/** A page ends every sum by itself. */
export const joinEnds: typeof ends.joinEnds = () => {};
