import type * as half from './half.js';

/** Pages paint in single precision: no binding holds halves. */
export const withHalves: typeof half.withHalves = (text) => text;
