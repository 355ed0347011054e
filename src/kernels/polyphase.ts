import inputSource from '../../shaders/polyphase-input.wgsl';
import outputSource from '../../shaders/polyphase-output.wgsl';
import weightsSource from '../../shaders/polyphase-weights.wgsl';
import { areaOf, type ConvShape, type DirectParts, type Packing, type Part, phasesOf, range } from './conv.js';
import { groupsFor, type Kernel } from './kernel.js';
import type { PlaneRange } from './planes.js';
import {
  type TileGrid,
  tileGrid,
  tileName,
  transformSums,
  transformWeights,
  type WinogradTile,
  winogradMultiply,
} from './winograd.js';

// A convolution of 4×4 taps is four of 2×2 whose sums add up: with stride 2 one for each parity of row and column, which are
// pictures of stride 1; with stride 1 one for each quarter of the taps. All four are summed by Winograd's F(3×3, 2×2): 16 products
// for nine pixels and four taps, by transforms of halves alone, whose rounding is that of plain sums.

const PHASES = 4;
/** Pixels along a side of a tile's result, and numbers of a tile between the transforms. */
const SIDE = 3;
export const PHASE_POSITIONS = 16;

export const polyphaseGrid = (shape: Pick<ConvShape, 'output'>): TileGrid => tileGrid(shape, SIDE, PHASE_POSITIONS);

/** The sums over the channels of all phases, as a convolution of stride 1 has them. */
export const ofPhases = <Shape extends { inputs: number }>(shape: Shape): Shape => ({
  ...shape,
  inputs: PHASES * shape.inputs,
});

/** v of the planes [p0, p1) from those of x that are bound; x in planes. */
export function polyphaseInput(shape: ConvShape, x: Part, v: Part, grid: TileGrid): Kernel {
  const { tilesX, tiles, tileY, row } = grid;
  const { inputs, input, stride, reflect } = shape;
  const planes = v.end - v.start;
  return {
    name: 'conv.polyphase.input',
    source: inputSource,
    constants: { REFLECT: reflect },
    params: {
      first: v.start,
      planes,
      inputs,
      stride: stride[0],
      height: input[0],
      width: input[1],
      tilesX,
      tiles,
      tileY,
      row,
      top: phasesOf(shape, 0)[0]!.start,
      left: phasesOf(shape, 1)[0]!.start,
      ...range('x', x),
      vBase: v.base,
    },
    workgroups: groupsFor(planes * row),
    flops: planes * row * 32,
    bytes: 4 * planes * (areaOf(input) / PHASES + PHASE_POSITIONS * row),
  };
}

/** w, packed; parts in elements. */
export function polyphaseWeights(shape: ConvShape, packing: Packing, parts: { w: Part; packed: Part }): Kernel {
  const { kernel, stride } = shape;
  const transform = { name: 'conv.polyphase.weights', source: weightsSource, flops: 20 };
  return transformWeights(transform, shape, packing, parts, {
    positions: PHASE_POSITIONS,
    taps: 4,
    params: { kernelHeight: kernel[0], kernelWidth: kernel[1], stride: stride[0] },
  });
}

/** Whether a position of a tile, along an axis, is one that a phase of one tap lacks. */
export const lacks = (taps: number, position: string): string => (taps === 3 ? `${position} == 3u` : 'false');

/**
 * Of three taps the second phase of an axis meets only one, and the last position of a tile is zero there. The phases that have it stand
 * side by side: along y the first two, along x the second and third.
 */
function reach({ kernel: [taps0, taps1] }: ConvShape): string {
  return `fn reach(r: u32) -> vec2u {
  let x = ${lacks(taps1, 'r % 4u')};
  let y = ${lacks(taps0, 'r / 4u')};
  return vec2u(select(0u, 1u, x), select(select(4u, 3u, x), 2u, y)) * (params.inputs / 4u);
}`;
}

/** The sums; of a shape and parts whose channels are those of all phases. */
export function polyphaseMultiply(shape: ConvShape, tile: WinogradTile, parts: DirectParts, grid: TileGrid): Kernel {
  const kernel = winogradMultiply(shape, tile, parts, grid);
  return {
    ...kernel,
    name: `conv.polyphase-${tileName(tile)}`,
    hooks: { ...kernel.hooks, reach: reach(shape) },
  };
}

/** sums, out, and the bias where there is one. */
export const polyphaseOutput = (planes: PlaneRange, shape: ConvShape, bias: boolean, grid: TileGrid): Kernel =>
  transformSums({ name: 'conv.polyphase.output', source: outputSource, flops: 40 }, planes, shape, bias, grid);
