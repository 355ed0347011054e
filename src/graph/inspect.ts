// Looking at programs from inside: what they are made of, where their time goes, and writes out of range.

export { countGuards, paintGuards } from './guards.js';
export { debugLevel, profileText, summary } from './profile.js';
export { timed } from './timing.js';
export { traceOf } from './trace.js';
