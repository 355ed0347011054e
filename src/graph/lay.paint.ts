import type * as lay from './lay.js';
import { offsetOf, rootOf } from './tensor.js';

export const unlaid: typeof lay.unlaid = (nodes) => ({ nodes, root: rootOf, offset: offsetOf });

/** What only paints copies a map at most once. */
export const layOut: typeof lay.layOut = (nodes) => unlaid([...nodes]);
