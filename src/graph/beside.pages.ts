import type * as beside from './beside.js';
import { heldBytes } from './storage.js';

/** A page has one buffer a variable. */
export const besideOf: typeof beside.besideOf = (variable) => [variable];
export const offsetsOf: typeof beside.offsetsOf = ([variable]) => ({
  offsets: new Map([[variable!, 0]]),
  bytes: heldBytes(variable!),
});
