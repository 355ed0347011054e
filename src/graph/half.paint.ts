import type * as half from './half.js';

// Pages paint in single precision.

export const isHalfVariable: typeof half.isHalfVariable = () => false;
export const bytesFor: typeof half.bytesFor = (elements) => 4 * elements;
export const stored: typeof half.stored = (_, data) => data as Float32Array<ArrayBuffer>;
export const halves: typeof half.halves = () => () => false;
