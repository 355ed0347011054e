import type * as beside from './beside.js';
import { bytesOf } from './storage.js';

// A page has a buffer a variable.

export const besideOf: typeof beside.besideOf = (variable) => [variable];
export const offsetBeside: typeof beside.offsetBeside = () => 0;
export const bytesBeside: typeof beside.bytesBeside = bytesOf;
