import type * as inspect from './inspect.js';

// A page is given no way to look: its generators and trainers show no profile, traces, guards or levels of debugging.

const none = () => {};

export const paintGuards: typeof inspect.paintGuards = none;
export const countGuards: typeof inspect.countGuards = async () => 0;
export const debugLevel: typeof inspect.debugLevel = () => 0;
export const summary: typeof inspect.summary = () => '';
export const profileText: typeof inspect.profileText = () => '';
export const timed: typeof inspect.timed = async () => [];
export const traceOf: typeof inspect.traceOf = () => undefined;
