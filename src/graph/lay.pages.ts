import type * as lay from './lay.js';
import { offsetOf, rootOf } from './tensor.js';

/** A page copies parts. */
export const layOut: typeof lay.layOut = (nodes, _, chunks) => ({ nodes, root: rootOf, offset: offsetOf, chunks });
