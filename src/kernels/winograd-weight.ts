import kernelsSource from '../../shaders/winograd-kernels.wgsl';
import tilesSource from '../../shaders/winograd-tiles.wgsl';
import multiplySource from '../../shaders/winograd-weight-multiply.wgsl';
import { range } from './conv.js';
import { sharedPixels, WORKGROUP } from './conv-quads.js';
import { type Splitting, splittingFor, type WeightDirectParts, type WeightShape } from './conv-weight.js';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';
import { POSITIONS, tilesOf } from './winograd.js';

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

const quadsOf = (shape: WeightShape): number => tilesOf(shape).row / 4;

/** By samples, or by ranges of a row's vec4. */
export function winogradSplitting(shape: WeightShape, tile: WinogradWeightTile): Splitting {
  const { inBlocks, blocks } = gridOf(shape, tile);
  const wanted = Math.floor(WANTED / (POSITIONS * inBlocks * blocks));
  return splittingFor({ ...shape, output: [quadsOf(shape), 4] }, wanted);
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

/** Partial sums [splits, G·outputs, inputs, 36], or all of them where there is one split. */
export function winogradWeightMultiply(
  shape: WeightShape,
  tile: WinogradWeightTile,
  { splits: allSplits, segments, segmentRows, splitImages }: Splitting,
  parts: WeightDirectParts,
): Kernel {
  const { groups, inputs, outputs } = shape;
  const { image0, images, x, dy, out, split0, splits } = parts;
  const { ob, ib, broadcast } = tile;
  const { lanes, ...sharing } = sharedPixels(broadcast);
  const grid = gridOf(shape, tile);
  const quads = quadsOf(shape);
  return {
    name: `convWeight.winograd-${ob}x${ib}${broadcast > 0 ? '-broadcast' : ''}`,
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
      positions: POSITIONS,
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
    workgroups: POSITIONS * grid.inBlocks * grid.blocks * splits,
    flops: (2 * images * 4 * quads * (out.end - out.start)) / allSplits,
    bytes: 4 * ((x.end - x.start + dy.end - dy.start) * POSITIONS * 4 * quads + out.end - out.start),
  };
}
