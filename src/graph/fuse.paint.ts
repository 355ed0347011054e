import type * as full from './fuse.js';

/** What there is to fuse, `following` has put where it belongs. */
export const fuse: typeof full.fuse = (nodes) => [...nodes];
