import type * as join from './join.js';

/** A page has a launch for every parameter and every sum. */
export const joinLaunches: typeof join.joinLaunches = () => {};
