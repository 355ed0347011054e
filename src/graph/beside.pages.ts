import type * as beside from './beside.js';
import { bytesOf } from './storage.js';

// A page has a buffer a variable.

export const buffersFor: typeof beside.buffersFor = (variables) => variables.map((variable) => [variable]);
export const isLastIn: typeof beside.isLastIn = () => true;
export const offsetBeside: typeof beside.offsetBeside = () => 0;
export const bytesBeside: typeof beside.bytesBeside = bytesOf;
