import { condition } from '../graph/ops/condition.js';
import { input } from '../graph/ops/source.js';
import { labelChannels } from './encode-input.js';
import type * as full from './painting-input.js';

/** The same in one pass. */
export const paintingInput: typeof full.paintingInput = (encoding, [, height, width]) => {
  const classes = labelChannels(encoding);
  const planes = (count: number) => input([1, count, height, width]);
  const ids = () => input([1, 1, height, width], 'i32');
  const inputs = {
    ...(classes > 0 ? { labels: ids() } : { input: planes(encoding.inputNc) }),
    ...(encoding.noInstance ? {} : { instances: ids() }),
    ...(encoding.features ? { features: planes(encoding.features.count) } : {}),
  };
  return { inputs, x: condition(inputs, classes) };
};
