import { refuse } from './tensor.js';
import type * as later from './tune-later.js';

/** Pages load what GPUs and their tabs start with, of which there is hardly a choice. */
export const tuned: typeof later.tuned = async (_device, _open, effort) =>
  refuse('compile', 'tune', effort, "'off': pages hold too few candidates to choose among");
