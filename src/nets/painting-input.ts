import { concat, input, type Tensor } from '../engine.js';
import { type Encoding, type Extent, encodeInput } from './encode-input.js';

/** The generator's input [N, generatorChannels, H, W]: the conditioning, and behind it the styles, fed as `features` [N, count, H, W]. */
export function paintingInput(encoding: Encoding, extent: Extent): { inputs: Record<string, Tensor>; x: Tensor } {
  const { inputs, condition } = encodeInput(encoding, extent);
  if (!encoding.features) return { inputs, x: condition };
  const [n, height, width] = extent;
  const features = input([n, encoding.features.count, height, width]);
  return { inputs: { ...inputs, features }, x: concat([condition, features], 1) };
}
