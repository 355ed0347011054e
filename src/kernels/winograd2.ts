import inputSource from '../../shaders/polyphase-input.wgsl';
import outputSource from '../../shaders/polyphase-output.wgsl';
import weightsSource from '../../shaders/winograd2-weights.wgsl';
import { type Phased, transformTiles } from './polyphase.js';
import { byLanes, tileGrid, tileName, transformSums, transformWeights, winogradMultiply } from './winograd.js';

// Winograd's F(2×2, 3×3): 16 products for four pixels of 3×3 taps, where plain sums take 36 and F(4×4, 3×3) nine. The points 0, 1, −1 and ∞
// only halve numbers, so it rounds as plain sums do. F(3×3, 2×2) of polyphase.ts has the same points and the same transform of x.

/** Pixels along a side of a tile's result, and numbers of a tile between the transforms. */
export const SIDE = 2;
export const POSITIONS = 16;

export const winograd2: Phased = {
  grid: (shape) => tileGrid(shape, SIDE, POSITIONS),
  summed: (shape) => shape,

  input(shape, x, v, grid) {
    const transform = { name: 'conv.winograd2.input', source: inputSource, flops: 32 };
    const kernel = transformTiles(transform, shape, x, v, grid, { phases: 1, stride: 1, apart: 0 });
    return { ...kernel, constants: { ...kernel.constants, SIDE } };
  },

  weights(shape, packing, parts, order) {
    const transform = { name: 'conv.winograd2.weights', source: weightsSource, flops: 28 };
    const kernel = transformWeights(transform, shape, packing, parts, { positions: POSITIONS, params: { ...order } });
    return byLanes(kernel, shape, packing, parts.w);
  },

  multiply: (shape, tile, parts, grid, order) => ({
    ...winogradMultiply(shape, tile, parts, grid, order),
    name: `conv.winograd2-${tileName(tile)}`,
  }),

  output(planes, shape, bias, grid) {
    const transform = { name: 'conv.winograd2.output', source: outputSource, flops: 24 };
    return { ...transformSums(transform, planes, shape, bias, grid), constants: { SIDE, LINES: 4 * SIDE } };
  },
};
