// Looking at programs from inside: what they are made of, where their time goes, and writes out of range.

export { guardsOf } from './guards.js';
export { announced } from './profile.js';
export { traceOf } from './trace.js';
