import { type ConvShape, fitsWinograd, WINOGRAD_CHANNELS } from '../../kernels/conv.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import { LEAST_ROWS, tilePrior } from '../../kernels/gpu-prior.js';
import type { Family } from './candidates.js';
import { DIRECT, TILE_PRODUCT, WEIGHT_DIRECT, WEIGHT_TILES, WINOGRAD } from './conv.js';

// What pages load of families.ts: all that GPUs start with, and of what is faster on a CPU adapter only what most of a generator's
// time goes to, the 3×3 convolutions of its blocks. Everything else, small enough or rare, is done by `direct`.

export const CONVOLUTIONS: Family<ConvShape> = {
  op: 'conv',
  rows: [DIRECT, WINOGRAD, TILE_PRODUCT],
  prior(shape, { kind, vendor }, precise) {
    const { inputs, outputs } = shape;
    if (kind === 'gpu' && outputs >= LEAST_ROWS) return tilePrior(vendor, outputs);
    const wide = Math.min(inputs, outputs) >= WINOGRAD_CHANNELS && !precise;
    return kind === 'cpu' && wide && fitsWinograd(shape)
      ? 'winograd-1x32-broadcast'
      : `direct-8x${Math.min(8, outputs)}`;
  },
  weights: ({ inputs }) => inputs[1]!,
};

export const WEIGHT_GRADIENTS: Family<WeightShape> = {
  op: 'convWeight',
  rows: [WEIGHT_DIRECT, WEIGHT_TILES],
  prior({ inputs, outputs }, { kind, vendor }) {
    const tiles = kind === 'gpu' && outputs >= LEAST_ROWS;
    return tiles ? tilePrior(vendor, outputs) : `direct-${Math.min(outputs, 4)}x${Math.min(inputs, 4)}`;
  },
  weights: ({ outputs }) => outputs[0]!,
};
