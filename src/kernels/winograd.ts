import inputSource from '../../shaders/winograd-input.wgsl';
import multiplySource from '../../shaders/winograd-multiply.wgsl';
import channelsSource from '../../shaders/winograd-multiply-channels.wgsl';
import outputSource from '../../shaders/winograd-output.wgsl';
import weightsSource from '../../shaders/winograd-weights.wgsl';
import {
  areaOf,
  blockParams,
  type ConvShape,
  type DirectParts,
  NO_BIAS,
  type Packing,
  type Part,
  phasesOf,
  range,
  weightStrides,
} from './conv.js';
import { quadPacking, sharedWeights, WIDE, WORKGROUP } from './conv-quads.js';
import { groupsFor, type Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** vec4 of tiles × output channels that a thread of the multiplication owns. */
export interface WinogradTile {
  quads: number;
  oc: number;
  /** Lanes of a subgroup that share the loads of weights; 0: every thread loads its own. */
  broadcast: number;
}

/** Tiles × vec4 of output channels that a thread owns where threads stand side by side over channels. */
export interface WinogradChannels {
  tiles: number;
  vecs: number;
  /** Lanes of a subgroup that share the loads of tiles; 0: every thread loads its own. */
  broadcast: number;
}

/** Pixels along a side of a tile's result, and numbers of a tile between the transforms. */
export const SIDE = 4;
export const POSITIONS = 36;

/** Channels whose weights a line of a processor's cache holds. */
const LINE = 16;

/** Tiles of a plane or of a band of it. */
export interface TileGrid {
  /** Numbers of a tile between the transforms. */
  positions: number;
  tilesX: number;
  tiles: number;
  /** First row of tiles. */
  tileY: number;
  /** Floats that all tiles take for a position: whole vec4. */
  row: number;
}

export function tileGrid(
  { output: [height, width] }: Pick<ConvShape, 'output'>,
  side: number,
  positions: number,
): TileGrid {
  const tilesX = Math.ceil(width / side);
  const tiles = tilesX * Math.ceil(height / side);
  return { positions, tilesX, tiles, tileY: 0, row: 4 * Math.ceil(tiles / 4) };
}

/** What the transformed tiles of a band may take, x's and the sums together: about what the last of the caches holds. */
const BAND_BYTES = 2 ** 24;

/** Bands of rows of tiles of so many planes, one after the other in the same memory. All take as much of it as the first. */
export function bandsOf(grid: TileGrid, planes: number): TileGrid[] {
  const { positions, tilesX, tiles } = grid;
  const rows = tiles / tilesX;
  const most = Math.max(1, Math.floor(BAND_BYTES / (4 * positions * tilesX * planes)));
  const count = Math.ceil(rows / most);
  const rowsOfBand = Math.ceil(rows / count);
  const row = 4 * Math.ceil((rowsOfBand * tilesX) / 4);
  return Array.from({ length: Math.ceil(rows / rowsOfBand) }, (_, band) => {
    const tileY = band * rowsOfBand;
    return { ...grid, tileY, tiles: Math.min(rowsOfBand, rows - tileY) * tilesX, row };
  });
}

export const tilesOf = (shape: Pick<ConvShape, 'output'>): TileGrid => tileGrid(shape, SIDE, POSITIONS);

export const winogradPacking = (shape: ConvShape, { oc }: WinogradTile): Packing => quadPacking(shape, { oc });
export const channelsPacking = (shape: ConvShape, { vecs }: WinogradChannels): Packing => ({
  ...quadPacking(shape, { oc: 4 * WORKGROUP * vecs }),
  line: LINE,
});

/** x, v. */
export function winogradInput(planes: PlaneRange, shape: ConvShape, { tilesX, tiles, tileY, row }: TileGrid): Kernel {
  const [height, width] = shape.input;
  const [top, left] = [phasesOf(shape, 0)[0]!.start, phasesOf(shape, 1)[0]!.start];
  return planewise(planes, {
    name: 'conv.winograd.input',
    source: inputSource,
    constants: { REFLECT: shape.reflect },
    itemsPerPlane: row,
    flopsPerItem: 144,
    params: { height, width, tilesX, tiles, tileY, row, top, left },
  });
}

/** What transforms tiles, weights or sums of one form: its kernel, and the operations of one transform. */
export interface Transform {
  name: string;
  source: string;
  flops: number;
}

/** w, packed, each kernel as the numbers at `positions`; parts in elements. What else the shader wants stands in `params`. */
export function transformWeights(
  { name, source, flops }: Transform,
  shape: ConvShape,
  { oc, groupBlocks }: Packing,
  parts: { w: Part; packed: Part },
  { positions, params = {} }: { positions: number; params?: Record<string, number> },
): Kernel {
  const { inputs, outputs, kernel, transposed } = shape;
  const kernels = (parts.packed.end - parts.packed.start) / positions;
  return {
    name,
    source,
    constants: {},
    params: {
      ...weightStrides(shape, areaOf(kernel)),
      inputs,
      outputs,
      oc,
      groupBlocks,
      tap0: transposed ? areaOf(kernel) - 1 : 0,
      tapStep: transposed ? -1 : 1,
      ...params,
      ...range('w', parts.w),
      ...range('packed', parts.packed),
    },
    workgroups: groupsFor(kernels),
    flops: kernels * flops,
  };
}

/** Elements from a transformed weight to that of the next position, and to that of the next input channel. */
export interface WeightOrder {
  row: number;
  step: number;
}

/**
 * By position, so that a sum over input channels reads what lies side by side; by input channel where chunks may cut between
 * two of them. A sum is the same either way.
 */
export const orderOf = (
  inputs: number,
  { lanes, line = lanes }: Pick<Packing, 'lanes' | 'line'>,
  positions: number,
  byPosition: boolean,
): WeightOrder => (byPosition ? { row: inputs * lanes, step: line } : { row: lanes, step: positions * lanes });

/** For weights of which a launch sees a part, whose borders may lie between the channels of a vec4. */
const ONE_KERNEL = {
  constants: { LANES: 1, Value: 'f32' },
  hooks: { gather: 'fn gather(at: u32, there: u32) -> Value { return select(0.0, w[at], there > 0u); }' },
};

/** A transform of weights by four output channels a thread, where they are whole and so many lie in a block. */
export function byLanes(kernel: Kernel, shape: ConvShape, { oc }: Packing, w: Part): Kernel {
  const { groups, inputs, outputs } = shape;
  const whole = w.end - w.start === groups * inputs * outputs * 9;
  const lanes = whole && oc % 4 === 0 ? 4 : 1;
  return {
    ...kernel,
    ...(lanes === 1 ? ONE_KERNEL : {}),
    workgroups: Math.ceil(kernel.workgroups / lanes),
  };
}

/** Weights as their 36 numbers; parts in elements. */
export const winogradWeights = (
  shape: ConvShape,
  packing: Packing,
  parts: { w: Part; packed: Part },
  order: WeightOrder,
): Kernel => {
  const transform = { name: 'conv.winograd.weights', source: weightsSource, flops: 100 };
  const oc = Math.min(packing.oc, order.step);
  const lines = packing.oc / oc;
  const ofLine = { ...packing, oc, groupBlocks: packing.groupBlocks * lines };
  const params = { ...order, lines };
  const kernel = transformWeights(transform, shape, ofLine, parts, { positions: POSITIONS, params });
  return byLanes(kernel, shape, ofLine, parts.w);
};

/** The part of a candidate's name that says what a thread owns. */
export const tileName = ({ quads, oc, broadcast }: WinogradTile): string =>
  `${quads}x${oc}${broadcast > 0 ? '-broadcast' : ''}`;

export const winogradName = (tile: WinogradTile): string => `winograd-${tileName(tile)}`;

/** What both multiplications have in common. x: v, w: the packed weights, out: the sums; parts in planes. */
function multiplication(
  shape: ConvShape,
  { oc, groupBlocks }: Packing,
  tilesOfGroup: number,
  parts: DirectParts,
  { positions, row }: TileGrid,
): Pick<Kernel, 'workgroups' | 'flops'> & { params: Record<string, number> } {
  const { inputs } = shape;
  const { images, blocks, out } = parts;
  const quads = row / 4;
  const groupsX = Math.ceil((4 * quads) / tilesOfGroup);
  const products = images * Math.min(blocks * oc, out.end - out.start) * inputs * positions * 4 * quads;
  return {
    params: {
      quads,
      groupsX,
      positions,
      ...blockParams(shape, parts, groupBlocks),
    },
    workgroups: images * blocks * positions * groupsX,
    flops: 2 * products,
  };
}

const inVec4 = (part: Part): Part => ({ ...part, base: part.base / 4 });

/** Threads side by side over tiles. */
export function winogradMultiply(
  shape: ConvShape,
  tile: WinogradTile,
  parts: DirectParts,
  grid: TileGrid,
  order: WeightOrder,
): Kernel {
  const { quads, oc, broadcast } = tile;
  const depth = broadcast >= WIDE ? 2 : 1;
  const { lanes, ...sharing } = sharedWeights(broadcast, oc);
  const common = multiplication(shape, winogradPacking(shape, tile), 4 * WORKGROUP * quads, parts, grid);
  return {
    ...common,
    name: `conv.${winogradName(tile)}`,
    source: multiplySource,
    constants: {
      ...sharing.constants,
      QUADS: quads,
      OC: oc,
      DEPTH: depth,
      PARTS: oc / lanes,
      SUMS: quads * oc,
      VALUES: depth * quads,
      LOADS: (depth * oc) / lanes,
      CONTINUES: parts.continues,
    },
    hooks: sharing.hooks,
    params: {
      ...common.params,
      ...range('x', inVec4(parts.x)),
      xRow: grid.row / 4,
      xStep: (grid.positions * grid.row) / 4,
      ...range('w', parts.w),
      wRow: order.row,
      wStep: order.step,
      ...range('out', inVec4(parts.out)),
      goesOn: 0,
    },
  };
}

export const channelsName = ({ tiles, vecs, broadcast }: WinogradChannels): string =>
  `winograd-channels-${tiles}x${vecs}${broadcast > 0 ? '-broadcast' : ''}`;

/** What the kernels over channels have in common: how their threads come by the tiles. */
export function tileSharing({
  tiles,
  vecs,
  broadcast,
}: WinogradChannels): Required<Pick<Kernel, 'constants' | 'hooks'>> {
  const { lanes, constants, hooks } = sharedWeights(broadcast);
  const place =
    'fn place(start: u32, tile: u32, lane: u32) -> u32 { return (start + min(tile, params.quads * 4u - 4u)) / 4u; }';
  return {
    constants: {
      ...constants,
      TILES: tiles,
      TILE_QUADS: tiles / 4,
      PARTS: tiles / lanes,
      VECS: vecs,
      SUMS: tiles * vecs,
    },
    hooks: { pick: hooks.pick!, ...(broadcast > 0 ? {} : { place }) },
  };
}

/** Threads side by side over output channels. */
export function winogradChannels(
  shape: ConvShape,
  tile: WinogradChannels,
  parts: DirectParts,
  grid: TileGrid,
  order: WeightOrder,
): Kernel {
  const { constants, hooks } = tileSharing(tile);
  const packing = channelsPacking(shape, tile);
  const common = multiplication(shape, packing, tile.tiles, parts, grid);
  return {
    ...common,
    name: `conv.${channelsName(tile)}`,
    source: channelsSource,
    constants: { ...constants, CONTINUES: parts.continues },
    hooks,
    params: {
      ...common.params,
      ...range('x', parts.x),
      ...range('w', inVec4(parts.w)),
      wRow: order.row / 4,
      wStep: order.step / 4,
      wLine: ((order.step > packing.oc ? 1 : shape.inputs) * LINE) / 4,
      ...range('out', inVec4(parts.out)),
    },
  };
}

/** sums, out, and the bias where there is one. */
export function transformSums(
  { name, source, flops }: Transform,
  planes: PlaneRange,
  { groups, outputs, output }: ConvShape,
  bias: boolean,
  { tilesX, tiles, tileY, row }: TileGrid,
): Kernel {
  const [height, width] = output;
  const kernel = planewise(planes, {
    name,
    source,
    itemsPerPlane: tiles,
    flopsPerItem: flops,
    params: { channels: groups * outputs, height, width, tilesX, tiles, tileY, row },
  });
  return bias ? kernel : { ...kernel, hooks: NO_BIAS };
}

export const winogradOutput = (planes: PlaneRange, shape: ConvShape, bias: boolean, grid: TileGrid): Kernel =>
  transformSums({ name: 'conv.winograd.output', source: outputSource, flops: 120 }, planes, shape, bias, grid);
