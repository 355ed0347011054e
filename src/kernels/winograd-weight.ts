import kernelsSource from '../../shaders/winograd-kernels.wgsl';
import tilesSource from '../../shaders/winograd-tiles.wgsl';
import multiplySource from '../../shaders/winograd-weight-multiply.wgsl';
import { type Packing, range } from './conv.js';
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

/** Output channels whose sums are formed and transformed before those of the next: blocks of a launch, and their channels. */
export interface Piece {
  block0: number;
  blocks: number;
  channel0: number;
  channels: number;
}

/** What the sums of a piece may take: they are read again at once, from the last of the caches. */
const PIECE_BYTES = 2 ** 22;

/** All output channels in pieces of whole blocks, which take up to `bytes` where a channel's sums are so many elements. */
export function piecesBy(
  { oc, groupBlocks, blocks }: Pick<Packing, 'oc' | 'groupBlocks' | 'blocks'>,
  { outputs }: Pick<WeightShape, 'outputs'>,
  elements: number,
  bytes: number,
): Piece[] {
  const most = Math.min(blocks, Math.max(1, Math.floor(bytes / (4 * elements * oc))));
  const channelOf = (block: number) =>
    Math.floor(block / groupBlocks) * outputs + Math.min(outputs, (block % groupBlocks) * oc);
  return Array.from({ length: Math.ceil(blocks / most) }, (_, piece) => {
    const block0 = piece * most;
    const end = Math.min(blocks, block0 + most);
    const channel0 = channelOf(block0);
    return { block0, blocks: end - block0, channel0, channels: channelOf(end) - channel0 };
  });
}

/** Where sums are split, which few channels are, in one piece. */
export function piecesOf(shape: WeightShape, tile: WinogradWeightTile, { splits }: Splitting): Piece[] {
  const { groupBlocks, blocks } = gridOf(shape, tile);
  const bytes = splits > 1 ? Number.POSITIVE_INFINITY : PIECE_BYTES;
  return piecesBy({ oc: tile.ob, groupBlocks, blocks }, shape, POSITIONS * shape.inputs, bytes);
}

/** By samples, or by ranges of a row's vec4. */
export function winogradSplitting(
  shape: WeightShape,
  tile: WinogradWeightTile,
  { positions, row }: TileGrid,
): Splitting {
  const { inBlocks, blocks } = gridOf(shape, tile);
  return splittingFor({ ...shape, output: [row / 4, 4] }, Math.floor(WANTED / (positions * inBlocks * blocks)));
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
    params: { height, width, tilesX, tiles, row },
  });
}

/** sums, dw. */
export const winogradKernels = (planes: PlaneRange, { inputs }: WeightShape): Kernel =>
  planewise(planes, {
    name: 'convWeight.winograd.kernels',
    source: kernelsSource,
    itemsPerPlane: 1,
    flopsPerItem: 100,
    params: { inputs },
  });

/** Partial sums [splits, G·outputs, positions, inputs], or all of them where there is one split; of a piece's channels. */
export function winogradWeightMultiply(
  shape: WeightShape,
  tile: WinogradWeightTile,
  { splits: allSplits, segments, segmentRows, splitImages }: Splitting,
  parts: WeightDirectParts,
  { positions, row }: TileGrid,
  { block0, blocks }: Pick<Piece, 'block0' | 'blocks'>,
): Kernel {
  const { groups, inputs, outputs } = shape;
  const { image0, images, x, dy, out, split0, splits } = parts;
  const { ob, ib, broadcast } = tile;
  const { lanes, ...sharing } = sharedPixels(broadcast);
  const { inBlocks, groupBlocks } = gridOf(shape, tile);
  const quads = row / 4;
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
      positions,
      inBlocks,
      groupBlocks,
      block0,
      blocks,
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
    workgroups: positions * inBlocks * blocks * splits,
    flops: (2 * images * 4 * quads * (out.end - out.start)) / allSplits,
  };
}
