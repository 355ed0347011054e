import convRole from '../../shaders/conv-tiles.wgsl';
import weightRole from '../../shaders/conv-weight-tiles.wgsl';
import product from '../../shaders/tiles.wgsl';
import gather from '../../shaders/tiles-gather.wgsl';
import {
  areaOf,
  blockParams,
  type ConvShape,
  type DirectParts,
  NO_BIAS,
  type Packing,
  type PhasePair,
  packingOf,
  phaseParams,
  range,
} from './conv.js';
import {
  costOf,
  partParams,
  type Splitting,
  shapeParams,
  splittingFor,
  type WeightDirectParts,
  type WeightShape,
} from './conv-weight.js';
import type { Kernel } from './kernel.js';
import { joined } from './wgsl.js';

/** A product's tile, computed by a workgroup: columns are pixels (of a weight gradient: weights), rows output channels. */
export interface Tile {
  columns: number;
  rows: number;
  /** Values of k in workgroup memory at a time. */
  depth: number;
  /** Rows and columns that a thread owns, in vec4. */
  own: number;
}

/**
 * The tiles by name. All stay within what every device grants: 256 threads and 16 KiB of workgroup memory. Each thread loads
 * whole vec4, so depth·rows and depth·columns are multiples of four times the threads.
 */
export const TILES: Readonly<Record<string, Tile>> = {
  'tiles-32x32': { columns: 32, rows: 32, depth: 16, own: 1 },
  'tiles-64x64': { columns: 64, rows: 64, depth: 16, own: 1 },
  'tiles-128x64': { columns: 128, rows: 64, depth: 8, own: 2 },
};

export const threadsOf = ({ columns, rows, own }: Tile): number => (columns * rows) / (4 * own) ** 2;

/** Two halves of columns and rows, in bytes. */
export const workgroupBytes = ({ columns, rows, depth }: Tile): number => 4 * 2 * depth * (columns + rows);

const CONV = /* @__PURE__ */ joined(convRole, gather, product);
const WEIGHT = /* @__PURE__ */ joined(weightRole, gather, product);

const constantsOf = (tile: Tile, rolled: boolean) => ({
  ROLLED: rolled,
  WG: threadsOf(tile),
  DEPTH: tile.depth,
  ROW_QUADS: tile.rows / 4,
  COLUMN_QUADS: tile.columns / 4,
  OWN_ROWS: tile.own,
  OWN_COLUMNS: tile.own,
  LEFT_LOADS: (tile.depth * tile.rows) / 4 / threadsOf(tile),
  RIGHT_LOADS: (tile.depth * tile.columns) / 4 / threadsOf(tile),
  SUMS: 4 * tile.own ** 2,
});

export const tilePacking = (shape: ConvShape, { rows }: Tile): Packing => packingOf(shape, { px: 0, oc: rows });

/** One phase, or the whole of a conv2d; parts in planes, w the packed weights. */
export function tilesKernel(
  name: string,
  shape: ConvShape,
  [py, px]: PhasePair,
  parts: DirectParts,
  rolled: boolean,
): Kernel {
  const tile = TILES[name]!;
  const { inputs, input } = shape;
  const { images, blocks, x, w, out } = parts;
  const taps = py.taps * px.taps;
  const pixels = py.count * px.count;
  const tiles = Math.ceil(pixels / tile.columns);
  const results = images * Math.min(blocks * tile.rows, out.end - out.start) * pixels;
  return {
    name: `conv.${name}`,
    source: CONV,
    constants: {
      ...constantsOf(tile, rolled),
      TAPS: Math.max(1, taps),
      TW: Math.max(1, px.taps),
      REACHED: taps > 0,
      CONTINUES: parts.continues,
      ALONG_K: false,
      REFLECT: shape.reflect,
    },
    ...(parts.bias ? {} : { hooks: NO_BIAS }),
    params: {
      tiles,
      pixels,
      columns: px.count,
      ...blockParams(shape, parts, tilePacking(shape, tile).groupBlocks),
      height: input[0],
      width: input[1],
      top: py.start,
      left: px.start,
      strideY: py.stride,
      strideX: px.stride,
      dilationY: py.dilation,
      dilationX: px.dilation,
      ...phaseParams(shape, [py, px]),
      ...range('x', x),
      ...range('w', { ...w, base: w.base / 4 }),
      ...range('out', out),
    },
    workgroups: images * blocks * tiles,
    flops: 2 * results * inputs * taps,
  };
}

/** Workgroups that keep a large GPU busy. */
const WANTED = 512;

const weightGrid = ({ groups, inputs, outputs, kernel }: WeightShape, { columns, rows }: Tile) => {
  const groupBlocks = Math.ceil(outputs / rows);
  return { tiles: Math.ceil((inputs * areaOf(kernel)) / columns), groupBlocks, blocks: groups * groupBlocks };
};

export function tilesSplitting(shape: WeightShape, tile: Tile): Splitting {
  const { tiles, blocks } = weightGrid(shape, tile);
  return splittingFor(shape, Math.floor(WANTED / (tiles * blocks)));
}

/** Partial sums [splits, G·outputs, inputs, kh, kw], or dw itself where there is one split. */
export function weightTilesKernel(
  name: string,
  shape: WeightShape,
  { splits: allSplits, segments, segmentRows, splitImages }: Splitting,
  parts: WeightDirectParts,
  rolled: boolean,
): Kernel {
  const tile = TILES[name]!;
  const { kernel, stride, dilation, reflect, images: allImages } = shape;
  const { kernelHeight: _height, kernelWidth: _width, ...shared } = shapeParams(shape);
  const { split0, splits } = parts;
  const grid = weightGrid(shape, tile);
  return {
    name: `convWeight.${name}`,
    source: WEIGHT,
    constants: {
      ...constantsOf(tile, rolled),
      TAPS: areaOf(kernel),
      TW: kernel[1],
      ALONG_K: true,
      REFLECT: reflect,
      CONTINUES: parts.continues,
    },
    params: {
      ...shared,
      ...partParams(parts),
      ...grid,
      strideX: stride[1],
      dilationX: dilation[1],
      split0,
      splits,
      segments,
      segmentRows,
      splitImages,
      allImages,
    },
    workgroups: grid.tiles * grid.blocks * splits,
    ...costOf(shape, parts, allSplits),
  };
}
