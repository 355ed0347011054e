import { type ConvShape, convPrior } from '../../kernels/conv.js';
import { type WeightShape, weightPrior } from '../../kernels/conv-weight.js';
import type { Family } from './candidates.js';
import {
  DIRECT,
  NESTED,
  PHASES,
  PLAIN,
  POLYPHASE,
  QUADS,
  TILE_PRODUCT,
  WEIGHT_DIRECT,
  WEIGHT_PLAIN,
  WEIGHT_POLYPHASE,
  WEIGHT_QUADS,
  WEIGHT_TILES,
  WEIGHT_WINOGRAD,
  WEIGHT_WINOGRAD2,
  WINOGRAD,
  WINOGRAD_ADJOINT,
  WINOGRAD_CHANNELS,
  WINOGRAD2,
} from './conv.js';

// All candidates, in the order in which they are named. Pages load fewer: families.pages.ts.

export const CONVOLUTIONS: Family<ConvShape> = {
  op: 'conv',
  rows: [
    PLAIN,
    DIRECT,
    QUADS,
    PHASES,
    WINOGRAD,
    WINOGRAD2,
    WINOGRAD_CHANNELS,
    WINOGRAD_ADJOINT,
    POLYPHASE,
    NESTED,
    TILE_PRODUCT,
  ],
  prior: convPrior,
  weights: ({ inputs }) => inputs[1]!,
};

export const WEIGHT_GRADIENTS: Family<WeightShape> = {
  op: 'convWeight',
  rows: [WEIGHT_PLAIN, WEIGHT_DIRECT, WEIGHT_QUADS, WEIGHT_WINOGRAD, WEIGHT_WINOGRAD2, WEIGHT_POLYPHASE, WEIGHT_TILES],
  prior: weightPrior,
  weights: ({ outputs }) => outputs[0]!,
};

/** Ops whose candidates can be forced by name. */
export const FAMILIES: readonly { op: string; rows: readonly { pattern: RegExp; form: string }[] }[] = [
  CONVOLUTIONS,
  WEIGHT_GRADIENTS,
];
