import phasedPixelsSource from '../../shaders/polyphase-pixels.wgsl';
import { type ConvShape, type DirectParts, type Packing, type Part, range } from './conv.js';
import type { WeightShape } from './conv-weight.js';
import { groupsFor, type Kernel } from './kernel.js';
import type { PlaneRange } from './planes.js';
import {
  type TileGrid,
  type Transform,
  tileGrid,
  tileName,
  type WeightOrder,
  type WinogradTile,
  winogradMultiply,
  winogradPacking,
} from './winograd.js';

// Weight gradients by Winograd, as sums over tiles of dy. A sum over tiles is one over input channels to winograd-multiply.wgsl, where
// tiles stand for channels, x's channels for tiles, and dy's tiles for weights: so all of its operands are vec4 or handed round, and nothing
// is added across a vec4. For 512×256 channels of 4×4 that takes a third of the time of vec4 of tiles (lavapipe).

/** A transform of tiles, of which a thread has `run` one after the other. */
interface TileTransform extends Omit<Transform, 'name'> {
  run: number;
}

/** How x's tiles are transformed: the shader, and the constants and uniforms that only it has. */
interface Pixels extends TileTransform {
  constants: NonNullable<Kernel['constants']>;
  params(shape: WeightShape): Record<string, number>;
}

/** A form of Winograd. */
export interface TileForm {
  /** What the names of its kernels begin with. */
  name: string;
  /** Pixels along a side of dy's tiles. */
  side: number;
  /** Numbers of a tile between the transforms. */
  positions: number;
  /** Convolutions that x is cut into. */
  phases: number;
  pixels: Pixels;
  /** dy's tiles, and the sums as weights. */
  tiles: TileTransform;
  kernels: Omit<Transform, 'name'>;
  /** Threads for four kernels, and what else their shader wants. */
  threads: number;
  finish(planes: PlaneRange, shape: WeightShape): Pick<Kernel, 'constants' | 'hooks' | 'params'>;
}

const tilesOf = ({ side, positions }: TileForm, shape: WeightShape): TileGrid => tileGrid(shape, side, positions);

/** Input channels of a phase in whole vec4. */
const phaseRow = ({ inputs }: WeightShape): number => 4 * Math.ceil(inputs / 4);

/** By polyphase-pixels.wgsl: tiles of 4×4 pixels of phases that lie so many pixels `apart`. */
export const phasedPixels = (side: number, apart: (shape: WeightShape) => number): Pixels => ({
  source: phasedPixelsSource,
  flops: 32,
  run: 1,
  constants: { SIDE: side },
  params: (shape) => ({ phaseRow: phaseRow(shape), stride: shape.stride[0], apart: apart(shape) }),
});

/** Rows of the input channels of all phases. */
export function channelGrid({ phases, positions }: TileForm, shape: WeightShape): TileGrid {
  const row = phases * phaseRow(shape);
  return { positions, tilesX: row, tiles: row, tileY: 0, row };
}

/** Tiles of all images that are transformed and summed at once; all bands take as much memory, the last perhaps with zeros. */
export interface Band {
  tile0: number;
  tiles: number;
}

/** What the transformed tiles of a band may take, about what the last of the caches holds; as much as the sums, which it adds to. */
const BAND_BYTES = 2 ** 24;

export function bandsOf(form: TileForm, shape: WeightShape, tile: WinogradTile): Band[] {
  const all = shape.images * tilesOf(form, shape).tiles;
  const { row } = channelGrid(form, shape);
  const channels = shape.groups * shape.outputs;
  const { blocks, oc } = winogradPacking({ ...shape, transposed: false }, tile);
  const most = Math.max(BAND_BYTES / (4 * form.positions), channels * row) / (shape.groups * row + blocks * oc);
  const count = Math.ceil(all / Math.max(1, Math.floor(most)));
  const tiles = Math.ceil(all / count);
  return Array.from({ length: Math.ceil(all / tiles) }, (_, band) => ({ tile0: band * tiles, tiles }));
}

/** The sums as those of a convolution: of a band's tiles into output channels, for every input channel. */
export const ofTiles = (shape: WeightShape, { tiles }: Band): ConvShape => ({
  ...shape,
  images: 1,
  inputs: tiles,
  transposed: false,
});

/**
 * What the sums of a piece may take. 512 channels on 8×16 by F(2×2, 3×3) are one: in four they take as long (lavapipe), at two
 * dispatches each.
 */
const PIECE_BYTES = 2 ** 24;

/** Output channels whose sums are formed and transformed before those of the next: blocks of a launch, and their channels. */
export interface Piece {
  block0: number;
  blocks: number;
  channel0: number;
  channels: number;
}

/** All output channels in pieces, each summed and transformed before the next; in one where bands add to its sums. */
export function piecesOf(form: TileForm, shape: WeightShape, tile: WinogradTile, bands: readonly Band[]): Piece[] {
  const { oc, groupBlocks, blocks } = winogradPacking(ofTiles(shape, bands[0]!), tile);
  const bytes = bands.length > 1 ? Number.POSITIVE_INFINITY : PIECE_BYTES;
  const channelBytes = 4 * form.positions * channelGrid(form, shape).row;
  const most = Math.min(blocks, Math.max(1, Math.floor(bytes / (channelBytes * oc))));
  const channelOf = (block: number) =>
    Math.floor(block / groupBlocks) * shape.outputs + Math.min(shape.outputs, (block % groupBlocks) * oc);
  return Array.from({ length: Math.ceil(blocks / most) }, (_, piece) => {
    const block0 = piece * most;
    const end = Math.min(blocks, block0 + most);
    const channel0 = channelOf(block0);
    return { block0, blocks: end - block0, channel0, channels: channelOf(end) - channel0 };
  });
}

/** What both transforms know of the tiles. */
function tileParams(form: TileForm, shape: WeightShape, { tile0, tiles: band }: Band) {
  const { tilesX, tiles } = tilesOf(form, shape);
  return { groups: shape.groups, tilesX, tiles, allTiles: shape.images * tiles, tile0, band };
}

/** The constant of shaders whose threads have more than one tile. */
const runOf = ({ run }: TileTransform): Record<string, number> => (run > 1 ? { RUN: run } : {});

/** x, v; parts in planes. */
export function tilePixels(
  form: TileForm,
  shape: WeightShape,
  band: Band,
  { x, v }: { x: Part; v: Part },
  order: WeightOrder,
): Kernel {
  const { inputs, input, padding, reflect } = shape;
  const { source, flops, run, constants, params } = form.pixels;
  const planes = v.end - v.start;
  const { row: channels } = channelGrid(form, shape);
  return {
    name: `convWeight.${form.name}.pixels`,
    source,
    constants: { REFLECT: reflect, ...runOf(form.pixels), ...constants },
    params: {
      ...tileParams(form, shape, band),
      ...order,
      ...params(shape),
      inputs,
      height: input[0],
      width: input[1],
      channels,
      top: -padding[0],
      left: -padding[1],
      ...range('x', x),
      ...range('v', v),
    },
    workgroups: groupsFor(Math.ceil(planes / run) * channels),
    flops: flops * planes * channels,
  };
}

/** dy, packed; parts in planes. */
export function tileWeights(
  form: TileForm,
  shape: WeightShape,
  band: Band,
  { oc, groupBlocks }: Packing,
  parts: { dy: Part; packed: Part },
  order: WeightOrder,
): Kernel {
  const { outputs, output } = shape;
  const { source, flops, run } = form.tiles;
  const planes = parts.packed.end - parts.packed.start;
  return {
    name: `convWeight.${form.name}.tiles`,
    source,
    constants: runOf(form.tiles),
    params: {
      ...tileParams(form, shape, band),
      ...order,
      outputs,
      oc,
      groupBlocks,
      height: output[0],
      width: output[1],
      ...range('dy', parts.dy),
      ...range('packed', parts.packed),
    },
    workgroups: groupsFor(Math.ceil(planes / run) * oc),
    flops: flops * planes * oc,
  };
}

/** v, packed, sums; parts in planes. Where there are several bands, all add to what is stored but the first. */
export function tileSums(
  form: TileForm,
  shape: WeightShape,
  tile: WinogradTile,
  band: Band,
  parts: DirectParts,
  orders: { v: WeightOrder; packed: WeightOrder },
): Kernel {
  const kernel = winogradMultiply(ofTiles(shape, band), tile, parts, channelGrid(form, shape), orders.packed);
  const { row, step } = orders.v;
  return {
    ...kernel,
    name: `convWeight.${form.name}-${tileName(tile)}`,
    params: { ...kernel.params, xRow: row / 4, xStep: step / 4, goesOn: Number(band.tile0 > 0) },
  };
}

/** sums, dw; planes [o, i]. */
export function tileKernels(form: TileForm, planes: PlaneRange, shape: WeightShape): Kernel {
  const { p0, p1, bases } = planes;
  const { inputs } = shape;
  const quads = phaseRow(shape) / 4;
  const output0 = Math.floor(p0 / inputs);
  const outputs = Math.ceil(p1 / inputs) - output0;
  const { params, ...finish } = form.finish(planes, shape);
  const threads = form.threads * outputs * quads;
  return {
    ...finish,
    name: `convWeight.${form.name}.kernels`,
    source: form.kernels.source,
    params: {
      ...params,
      first: p0,
      end: p1,
      output0,
      outputs,
      inputs,
      quads,
      sumsBase: bases.sumsBase! / 4,
      dwBase: bases.dwBase!,
    },
    workgroups: groupsFor(threads),
    flops: form.kernels.flops * threads,
  };
}
