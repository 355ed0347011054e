import inputSource from '../../shaders/nested-input.wgsl';
import outputSource from '../../shaders/nested-output.wgsl';
import weightsSource from '../../shaders/nested-weights.wgsl';
import type { ConvShape } from './conv.js';
import { type Phased, reach, transformTiles } from './polyphase.js';
import { tileGrid, tileName, transformSums, transformWeights, winogradMultiply } from './winograd.js';

// A convolution of 7×7 taps, with an eighth row and column of zeros, is four of 4×4 whose sums add up. Winograd's F(4×4, 4×4) does each
// with 49 products for 16 pixels: 12.25 a pixel for all four, where plain sums take 49.

/** Taps along a side of a block, and pixels along one of a tile's result. */
const SIDE = 4;
const POSITIONS = 49;
/** Of a side's seven positions the one that meets a block's last tap alone. */
const INFINITY_AT = 5;

const isNested = ({ kernel }: Pick<ConvShape, 'kernel'>): boolean => kernel.some((taps) => taps > SIDE);

/** Blocks, and pixels between their first taps. */
const blocksOf = (shape: ConvShape) => (isNested(shape) ? { blocks: 4, span: SIDE } : { blocks: 1, span: 0 });

/** Operations of a transform: of tiles, weights and sums. */
const FLOPS = { input: 420, weights: 330, output: 260 };

export const nested: Phased = {
  grid: (shape) => tileGrid(shape, SIDE, POSITIONS),
  summed: (shape) => ({ ...shape, inputs: blocksOf(shape).blocks * shape.inputs }),

  input: (shape, x, v, grid) =>
    transformTiles(
      { name: 'conv.nested.input', source: inputSource, flops: FLOPS.input },
      shape,
      x,
      v,
      grid,
      blocksOf(shape),
    ),

  weights(shape, packing, parts, order) {
    const [kernelHeight, kernelWidth] = shape.kernel;
    const transform = { name: 'conv.nested.weights', source: weightsSource, flops: FLOPS.weights };
    return transformWeights(transform, shape, packing, parts, {
      positions: POSITIONS,
      params: { kernelHeight, kernelWidth, ...blocksOf(shape), ...order },
    });
  },

  multiply(shape, tile, parts, grid, order) {
    const kernel = winogradMultiply(nested.summed(shape), tile, parts, grid, order);
    const [y, x] = shape.kernel.map((taps) => taps > SIDE && taps < 2 * SIDE) as [boolean, boolean];
    const name = `conv.nested-${tileName(tile)}`;
    if (!isNested(shape)) return { ...kernel, name };
    return { ...kernel, name, hooks: { ...kernel.hooks, reach: reach(7, INFINITY_AT, { y, x }) } };
  },

  output: (planes, shape, bias, grid) =>
    transformSums({ name: 'conv.nested.output', source: outputSource, flops: FLOPS.output }, planes, shape, bias, grid),
};
