import type * as inspect from './inspect.js';

// A page is given no way to look: its generators and trainers show no profile, traces, guards or levels of debugging.

export const guardsOf: typeof inspect.guardsOf = () => async () => 0;
export const announced: typeof inspect.announced = () => 0;
export const traceOf: typeof inspect.traceOf = () => undefined;
