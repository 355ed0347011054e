import type * as lay from './lay.js';
import { offsetOf, rootOf } from './tensor.js';

export const unlaid: typeof lay.unlaid = (nodes) => ({ nodes, root: rootOf, offset: offsetOf });

/** A page copies parts. */
export const layOut: typeof lay.layOut = (nodes) => unlaid([...nodes]);
