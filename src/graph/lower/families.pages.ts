import type { ConvShape } from '../../kernels/conv.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import { pageTile, tilePrior } from '../../kernels/gpu-prior.js';
import type { Family } from './candidates.js';
import { DIRECT, TILE_PRODUCT, WEIGHT_DIRECT, WEIGHT_TILES } from './conv.js';

// What pages load of families.ts: what GPUs start with. Browsers offer a CPU adapter only where they are told to; there `direct` does it
// all. Chromium's SwiftShader then paints the demo's 256×256 in 1.8 s, by Winograd in 0.9; but where nothing is compiled yet the first picture
// is there after 5.7 s for 9.0, and tiles of 8×8, no faster, would take 9.2 (two cores).

export const CONVOLUTIONS: Family<ConvShape> = {
  op: 'conv',
  rows: [DIRECT, TILE_PRODUCT],
  prior({ outputs }, device) {
    const { px, oc } = pageTile(device, outputs);
    return tilePrior(device, outputs) ?? `direct-${px}x${oc}`;
  },
  weights: ({ inputs }) => inputs[1]!,
};

export const WEIGHT_GRADIENTS: Family<WeightShape> = {
  op: 'convWeight',
  rows: [WEIGHT_DIRECT, WEIGHT_TILES],
  prior: ({ inputs, outputs }, device) =>
    tilePrior(device, outputs) ?? `direct-${Math.min(outputs, 4)}x${Math.min(inputs, 4)}`,
  weights: ({ outputs }) => outputs[0]!,
};
