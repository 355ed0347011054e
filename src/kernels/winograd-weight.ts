import kernelsSource from '../../shaders/winograd-kernels.wgsl';
import tilesSource from '../../shaders/winograd-tiles.wgsl';
import multiplySource from '../../shaders/winograd-weight-multiply.wgsl';
import { range } from './conv.js';
import { sharedPixels, WORKGROUP } from './conv-quads.js';
import { type Splitting, splittingFor, type WeightDirectParts, type WeightShape } from './conv-weight.js';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';
import { POSITIONS, type TileGrid, tilesOf } from './winograd.js';

/** Output × input channels whose sums a thread owns. */
export interface WinogradWeightTile {
  ob: number;
  ib: number;
  /** Lanes of a subgroup that share the loads of dy; 0: every thread loads its own. */
  broadcast: number;
}

/** Workgroups that keep every core busy: there are 36 positions before any split. */
const WANTED = 128;

const gridOf = ({ groups, inputs, outputs }: WeightShape, { ob, ib }: WinogradWeightTile) => {
  const inBlocks = Math.ceil(inputs / (WORKGROUP * ib));
  const groupBlocks = Math.ceil(outputs / ob);
  return { inBlocks, groupBlocks, blocks: groups * groupBlocks };
};

/** By samples, or by ranges of a row's vec4; what is cut into bands has work enough without. */
export function winogradSplitting(shape: WeightShape, tile: WinogradWeightTile, bands: readonly TileGrid[]): Splitting {
  const { positions, row } = bands[0]!;
  const { inBlocks, blocks } = gridOf(shape, tile);
  const wanted = bands.length > 1 ? 1 : Math.floor(WANTED / (positions * inBlocks * blocks));
  return splittingFor({ ...shape, output: [row / 4, 4] }, wanted);
}

/** dy, v. */
export function winogradTiles(planes: PlaneRange, shape: WeightShape): Kernel {
  const { tilesX, tiles, row } = tilesOf(shape);
  const [height, width] = shape.output;
  return planewise(planes, {
    name: 'convWeight.winograd.tiles',
    source: tilesSource,
    itemsPerPlane: row,
    flopsPerItem: 100,
    elementsPerPlane: height * width + POSITIONS * row,
    params: { height, width, tilesX, tiles, row },
  });
}

/** sums, dw. */
export const winogradKernels = (planes: PlaneRange): Kernel =>
  planewise(planes, {
    name: 'convWeight.winograd.kernels',
    source: kernelsSource,
    itemsPerPlane: 1,
    flopsPerItem: 100,
    elementsPerPlane: POSITIONS + 9,
    params: {},
  });

/** The part of a candidate's name that says what a thread owns. */
export const weightTileName = ({ ob, ib, broadcast }: WinogradWeightTile): string =>
  `${ob}x${ib}${broadcast > 0 ? '-broadcast' : ''}`;

/** Partial sums [splits, G·outputs, inputs, positions], or all of them where there is one split. */
export function winogradWeightMultiply(
  shape: WeightShape,
  tile: WinogradWeightTile,
  { splits: allSplits, segments, segmentRows, splitImages }: Splitting,
  parts: WeightDirectParts,
  { positions, tileY, row }: TileGrid,
): Kernel {
  const { groups, inputs, outputs } = shape;
  const { image0, images, x, dy, out, split0, splits } = parts;
  const { ob, ib, broadcast } = tile;
  const { lanes, ...sharing } = sharedPixels(broadcast);
  const grid = gridOf(shape, tile);
  const quads = row / 4;
  return {
    name: `convWeight.winograd-${weightTileName(tile)}`,
    source: multiplySource,
    constants: {
      ...sharing.constants,
      OB: ob,
      IB: ib,
      PARTS: ob / lanes,
      SUMS: ob * ib,
      CONTINUES: parts.continues,
    },
    hooks: sharing.hooks,
    params: {
      quads,
      positions,
      goesOn: Number(tileY > 0),
      ...grid,
      inputs,
      outputs,
      xChannels: groups * inputs,
      dyChannels: groups * outputs,
      image0,
      images,
      allImages: shape.images,
      split0,
      splits,
      segments,
      segmentRows,
      splitImages,
      ...range('x', { ...x, base: x.base / 4 }),
      ...range('dy', { ...dy, base: dy.base / 4 }),
      ...range('out', out),
    },
    workgroups: positions * grid.inBlocks * grid.blocks * splits,
    flops: (2 * images * 4 * quads * (out.end - out.start)) / allSplits,
    bytes: 4 * ((x.end - x.start + dy.end - dy.start) * positions * 4 * quads + out.end - out.start),
  };
}
