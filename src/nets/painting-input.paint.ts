import { condition } from '../graph/ops/condition.js';
import { input } from '../graph/ops/source.js';
import { labelChannels, mapsOf } from './encode-input.js';
import type * as full from './painting-input.js';

/** The same in one pass. */
export const paintingInput: typeof full.paintingInput = (encoding, extent) => {
  const { features } = encoding;
  const [, height, width] = extent;
  const inputs = {
    ...mapsOf(encoding, extent),
    ...(features ? { features: input([1, features.count, height, width]) } : {}),
  };
  return { inputs, x: condition(inputs, labelChannels(encoding)) };
};
