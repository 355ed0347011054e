import kernelsSource from '../../shaders/winograd2-kernels.wgsl';
import pixelsSource from '../../shaders/winograd2-pixels.wgsl';
import tilesSource from '../../shaders/winograd2-tiles.wgsl';
import { type ConvShape, type DirectParts, type Packing, type Part, range } from './conv.js';
import type { WeightShape } from './conv-weight.js';
import { groupsFor, type Kernel } from './kernel.js';
import type { PlaneRange } from './planes.js';
import {
  type TileGrid,
  tileGrid,
  tileName,
  type WeightOrder,
  type WinogradTile,
  winogradMultiply,
  winogradPacking,
} from './winograd.js';
import { type Piece, piecesBy } from './winograd-weight.js';
import { POSITIONS, SIDE } from './winograd2.js';

// The weight gradient by F(3×3, 2×2), in which dy's tiles of 2×2 pixels are the taps and the weights the result. A sum over tiles is one over
// input channels to winograd-multiply.wgsl, where tiles stand for channels, x's channels for tiles, and dy's tiles for weights: so
// all of its operands are vec4 or handed round, and nothing is added across a vec4.

const tilesOf = (shape: WeightShape): TileGrid => tileGrid(shape, SIDE, POSITIONS);

/** The sums as those of a convolution: of all images' tiles into output channels, for every input channel. */
export const ofTiles = (shape: WeightShape): ConvShape => ({
  ...shape,
  images: 1,
  inputs: shape.images * tilesOf(shape).tiles,
  transposed: false,
});

/** Rows of input channels, in whole vec4. */
export const channelGrid = ({ inputs }: WeightShape): TileGrid => ({
  positions: POSITIONS,
  tilesX: inputs,
  tiles: inputs,
  tileY: 0,
  row: 4 * Math.ceil(inputs / 4),
});

/**
 * What the sums of a piece may take. 512 channels on 8×16 are one: in four they take as long (lavapipe), at two dispatches each.
 */
const PIECE_BYTES = 2 ** 24;

/** All output channels in pieces, each summed and transformed before the next. */
export const piecesOf = (shape: WeightShape, tile: WinogradTile): Piece[] =>
  piecesBy(winogradPacking(ofTiles(shape), tile), shape, POSITIONS * channelGrid(shape).row, PIECE_BYTES);

/** What both transforms know of the tiles. */
function tileParams(shape: WeightShape) {
  const { tilesX, tiles } = tilesOf(shape);
  return { groups: shape.groups, tilesX, tiles, allTiles: shape.images * tiles };
}

/** x, v; parts in planes. */
export function winograd2Pixels(shape: WeightShape, x: Part, v: Part): Kernel {
  const { inputs, input, padding, reflect } = shape;
  const { row } = channelGrid(shape);
  const threads = (v.end - v.start) * row;
  return {
    name: 'convWeight.winograd2.pixels',
    source: pixelsSource,
    constants: { REFLECT: reflect },
    params: {
      ...tileParams(shape),
      inputs,
      height: input[0],
      width: input[1],
      row,
      top: -padding[0],
      left: -padding[1],
      ...range('x', x),
      ...range('v', v),
    },
    workgroups: groupsFor(threads),
    flops: 32 * threads,
  };
}

/** dy, packed; parts in planes. */
export function winograd2Tiles(
  shape: WeightShape,
  { oc, groupBlocks }: Packing,
  parts: { dy: Part; packed: Part },
  order: WeightOrder,
): Kernel {
  const { outputs, output } = shape;
  const threads = (parts.packed.end - parts.packed.start) * oc;
  return {
    name: 'convWeight.winograd2.tiles',
    source: tilesSource,
    constants: {},
    params: {
      ...tileParams(shape),
      ...order,
      outputs,
      oc,
      groupBlocks,
      height: output[0],
      width: output[1],
      ...range('dy', parts.dy),
      ...range('packed', parts.packed),
    },
    workgroups: groupsFor(threads),
    flops: 20 * threads,
  };
}

/** v, packed, sums; parts in planes. */
export const winograd2WeightMultiply = (
  shape: WeightShape,
  tile: WinogradTile,
  parts: DirectParts,
  order: WeightOrder,
): Kernel => ({
  ...winogradMultiply(ofTiles(shape), tile, parts, channelGrid(shape), order),
  name: `convWeight.winograd2-${tileName(tile)}`,
});

/** sums, dw; planes [o, i]. */
export function winograd2Kernels({ p0, p1, bases }: PlaneRange, shape: WeightShape): Kernel {
  const { inputs } = shape;
  const quads = channelGrid(shape).row / 4;
  const output0 = Math.floor(p0 / inputs);
  const outputs = Math.ceil(p1 / inputs) - output0;
  return {
    name: 'convWeight.winograd2.kernels',
    source: kernelsSource,
    constants: {},
    params: {
      first: p0,
      end: p1,
      output0,
      outputs,
      inputs,
      quads,
      sumsBase: bases.sumsBase! / 4,
      dwBase: bases.dwBase!,
    },
    workgroups: groupsFor(outputs * quads),
    flops: 4 * 24 * outputs * quads,
  };
}
