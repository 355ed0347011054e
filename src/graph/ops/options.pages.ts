import type * as full from './options.js';

// Nets give one number for both axes and all sides.

export const pair: typeof full.pair = (_, __, value) => [value as number, value as number];
export const sides: typeof full.sides = (_, __, value) => {
  const side = value as number;
  return [side, side, side, side];
};
