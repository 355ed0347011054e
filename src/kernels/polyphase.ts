import inputSource from '../../shaders/polyphase-input.wgsl';
import outputSource from '../../shaders/polyphase-output.wgsl';
import weightsSource from '../../shaders/polyphase-weights.wgsl';
import { type ConvShape, type DirectParts, type Packing, type Part, phasesOf, range } from './conv.js';
import { groupsFor, type Kernel } from './kernel.js';
import type { PlaneRange } from './planes.js';
import {
  type TileGrid,
  type Transform,
  tileGrid,
  tileName,
  transformSums,
  transformWeights,
  type WeightOrder,
  type WinogradTile,
  winogradMultiply,
} from './winograd.js';

// A convolution of 4×4 taps is four of 2×2 whose sums add up: with stride 2 one for each parity of row and column, which are
// pictures of stride 1; with stride 1 one for each quarter of the taps. All four are summed by Winograd's F(3×3, 2×2): 16 products
// for nine pixels and four taps, by transforms of halves alone, whose rounding is that of plain sums.

/** A form of Winograd in which a convolution is several whose sums add up: its grid of tiles and its kernels. */
export interface Phased {
  grid(shape: ConvShape): TileGrid;
  /** The sums over the channels of all phases, as a convolution of stride 1 has them. */
  summed(shape: ConvShape): ConvShape;
  /** v of the planes [p0, p1) from those of x that are bound; x in planes. */
  input(shape: ConvShape, x: Part, v: Part, grid: TileGrid): Kernel;
  /** w, packed; parts in elements. */
  weights(shape: ConvShape, packing: Packing, parts: { w: Part; packed: Part }, order: WeightOrder): Kernel;
  /** The sums; of parts whose channels are those of all phases. */
  multiply(shape: ConvShape, tile: WinogradTile, parts: DirectParts, grid: TileGrid, order: WeightOrder): Kernel;
  /** sums, out, and the bias where there is one. */
  output(planes: PlaneRange, shape: ConvShape, bias: boolean, grid: TileGrid): Kernel;
}

export const PHASES = 4;
/** Pixels along a side of a tile's result, and numbers of a tile between the transforms. */
export const SIDE = 3;
export const PHASE_POSITIONS = 16;

const polyphaseGrid = (shape: Pick<ConvShape, 'output'>): TileGrid => tileGrid(shape, SIDE, PHASE_POSITIONS);

/** The sums over the channels of all phases, as a convolution of stride 1 has them. */
const ofPhases = (shape: ConvShape): ConvShape => ({
  ...shape,
  inputs: PHASES * shape.inputs,
});

/** Whether a position of a tile, along an axis, is the one that a phase without a last tap lacks. */
export const lacks = (yes: boolean, position: string, last: number): string =>
  yes ? `${position} == ${last}u` : 'false';

/**
 * Where the second phase of an axis has no last tap, the position of a tile that meets it alone is zero there. The phases that have it
 * stand side by side: along y the first two, along x the second and third.
 */
export function reach(positions: number, last: number, lacking: { y: boolean; x: boolean }): string {
  return `fn reach(r: u32, block: u32) -> vec2u {
  let x = ${lacks(lacking.x, `r % ${positions}u`, last)};
  let y = ${lacks(lacking.y, `r / ${positions}u`, last)};
  return vec2u(select(0u, 1u, x), select(select(4u, 3u, x), 2u, y)) * (params.inputs / 4u);
}`;
}

/** x's tiles of every phase or block. What else the shader wants stands in `params`. */
export function transformTiles(
  { name, source, flops }: Transform,
  shape: ConvShape,
  x: Part,
  v: Part,
  { tilesX, tiles, tileY, row }: TileGrid,
  params: Record<string, number>,
): Kernel {
  const { inputs, input, reflect } = shape;
  const planes = v.end - v.start;
  return {
    name,
    source,
    constants: { REFLECT: reflect },
    params: {
      first: v.start,
      planes,
      inputs,
      height: input[0],
      width: input[1],
      tilesX,
      tiles,
      tileY,
      row,
      top: phasesOf(shape, 0)[0]!.start,
      left: phasesOf(shape, 1)[0]!.start,
      ...params,
      ...range('x', x),
      vBase: v.base,
    },
    workgroups: groupsFor(planes * row),
    flops: planes * row * flops,
  };
}

/** w, packed, in blocks of `summed` channels; parts in elements. */
export function phaseWeights(
  shape: ConvShape,
  packing: Packing,
  parts: { w: Part; packed: Part },
  summed: number,
  order: WeightOrder,
): Kernel {
  const [kernelHeight, kernelWidth] = shape.kernel;
  const transform = { name: 'conv.polyphase.weights', source: weightsSource, flops: 20 };
  return transformWeights(transform, shape, packing, parts, {
    positions: PHASE_POSITIONS,
    params: { kernelHeight, kernelWidth, stride: shape.stride[0], summed, ...order },
  });
}

export const polyphase: Phased = {
  grid: polyphaseGrid,
  summed: ofPhases,

  input: (shape, x, v, grid) =>
    transformTiles({ name: 'conv.polyphase.input', source: inputSource, flops: 32 }, shape, x, v, grid, {
      phases: PHASES,
      stride: shape.stride[0],
      apart: 3 - shape.stride[0],
    }),

  weights: (shape, packing, parts, order) => phaseWeights(shape, packing, parts, PHASES * shape.inputs, order),

  multiply(shape, tile, parts, grid, order) {
    const kernel = winogradMultiply(ofPhases(shape), tile, parts, grid, order);
    const [y, x] = shape.kernel.map((taps) => taps === 3) as [boolean, boolean];
    const name = `conv.polyphase-${tileName(tile)}`;
    return { ...kernel, name, hooks: { ...kernel.hooks, reach: reach(4, 3, { y, x }) } };
  },

  output: (planes, shape, bias, grid) =>
    transformSums({ name: 'conv.polyphase.output', source: outputSource, flops: 40 }, planes, shape, bias, grid),
};
