import inputSource from '../../shaders/winograd-input.wgsl';
import multiplySource from '../../shaders/winograd-multiply.wgsl';
import outputSource from '../../shaders/winograd-output.wgsl';
import weightsSource from '../../shaders/winograd-weights.wgsl';
import {
  type ConvShape,
  type DirectParts,
  NO_BIAS,
  type Packing,
  type Part,
  phasesOf,
  range,
  weightStrides,
} from './conv.js';
import { quadPacking, sharedWeights, WORKGROUP } from './conv-quads.js';
import { groupsFor, type Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** vec4 of tiles × output channels that a thread of the multiplication owns. */
export interface WinogradTile {
  quads: number;
  oc: number;
  /** Lanes of a subgroup that share the loads of weights; 0: every thread loads its own. */
  broadcast: number;
}

/** Pixels along a side of a tile's result, and numbers of a tile between the transforms. */
const SIDE = 4;
export const POSITIONS = 36;

/** Tiles of a plane, and the floats that a row of them takes: whole vec4. */
export function tilesOf({ output: [height, width] }: Pick<ConvShape, 'output'>): {
  tilesX: number;
  tiles: number;
  row: number;
} {
  const tilesX = Math.ceil(width / SIDE);
  const tiles = tilesX * Math.ceil(height / SIDE);
  return { tilesX, tiles, row: 4 * Math.ceil(tiles / 4) };
}

export const winogradPacking = (shape: ConvShape, { oc }: WinogradTile): Packing => quadPacking(shape, { oc });

/** x, v. */
export function winogradInput(planes: PlaneRange, shape: ConvShape): Kernel {
  const { tilesX, tiles, row } = tilesOf(shape);
  const [height, width] = shape.input;
  const [top, left] = [phasesOf(shape, 0)[0]!.start, phasesOf(shape, 1)[0]!.start];
  return planewise(planes, {
    name: 'conv.winograd.input',
    source: inputSource,
    constants: { REFLECT: shape.reflect },
    itemsPerPlane: row,
    flopsPerItem: 144,
    elementsPerPlane: height * width + POSITIONS * row,
    params: { height, width, tilesX, tiles, row, top, left },
  });
}

/** w, packed; parts in elements. */
export function winogradWeights(
  shape: ConvShape,
  { oc, groupBlocks }: Packing,
  parts: { w: Part; packed: Part },
): Kernel {
  const { inputs, outputs, transposed } = shape;
  const kernels = (parts.packed.end - parts.packed.start) / POSITIONS;
  return {
    name: 'conv.winograd.weights',
    source: weightsSource,
    constants: {},
    params: {
      ...weightStrides(shape, 9),
      inputs,
      outputs,
      oc,
      groupBlocks,
      tap0: transposed ? 8 : 0,
      tapStep: transposed ? -1 : 1,
      ...range('w', parts.w),
      ...range('packed', parts.packed),
    },
    workgroups: groupsFor(kernels),
    flops: kernels * 100,
    bytes: 4 * kernels * (9 + POSITIONS),
  };
}

export const winogradName = ({ quads, oc, broadcast }: WinogradTile): string =>
  `winograd-${quads}x${oc}${broadcast > 0 ? '-broadcast' : ''}`;

/** x: v, w: the packed weights, out: the sums; parts in planes. */
export function winogradMultiply(shape: ConvShape, tile: WinogradTile, parts: DirectParts): Kernel {
  const { groups, inputs, outputs } = shape;
  const { image0, images, block0, blocks, x, w, out } = parts;
  const { quads: tileQuads, oc, broadcast } = tile;
  const { lanes, ...sharing } = sharedWeights(broadcast);
  const quads = tilesOf(shape).row / 4;
  const groupsX = Math.ceil(quads / (WORKGROUP * tileQuads));
  const products = images * Math.min(blocks * oc, out.end - out.start) * inputs * POSITIONS * 4 * quads;
  return {
    name: `conv.${winogradName(tile)}`,
    source: multiplySource,
    constants: {
      ...sharing.constants,
      QUADS: tileQuads,
      OC: oc,
      PARTS: oc / lanes,
      SUMS: tileQuads * oc,
      CONTINUES: parts.continues,
    },
    hooks: sharing.hooks,
    params: {
      quads,
      groupsX,
      positions: POSITIONS,
      block0,
      blocks,
      groupBlocks: winogradPacking(shape, tile).groupBlocks,
      image0,
      images,
      inputs,
      outputs,
      xChannels: groups * inputs,
      outChannels: groups * outputs,
      ...range('x', { ...x, base: x.base / 4 }),
      ...range('w', w),
      ...range('out', { ...out, base: out.base / 4 }),
    },
    workgroups: images * blocks * POSITIONS * groupsX,
    flops: 2 * products,
    bytes: 16 * quads * POSITIONS * (x.end - x.start + out.end - out.start) + 4 * (w.end - w.start) * POSITIONS * oc,
  };
}

/** sums, out, and the bias where there is one. */
export function winogradOutput(planes: PlaneRange, shape: ConvShape, bias: boolean): Kernel {
  const { groups, outputs, output } = shape;
  const { tilesX, tiles, row } = tilesOf(shape);
  const [height, width] = output;
  const kernel = planewise(planes, {
    name: 'conv.winograd.output',
    source: outputSource,
    itemsPerPlane: tiles,
    flopsPerItem: 120,
    elementsPerPlane: POSITIONS * row + height * width,
    params: { channels: groups * outputs, height, width, tilesX, tiles, row },
  });
  return bias ? kernel : { ...kernel, hooks: NO_BIAS };
}
