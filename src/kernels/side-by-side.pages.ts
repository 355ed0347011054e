import type * as sides from './side-by-side.js';

/** In pages bytes outweigh it. */
export const sideBySide: typeof sides.sideBySide = () => ({});
