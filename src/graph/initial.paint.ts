import type * as full from './initial.js';

/** Of a file, which has been checked against the net. */
export const takeValues: typeof full.takeValues = ({ node }) => (node.attrs as { data(): Float32Array }).data();
