import inputSource from '../../shaders/winograd-adjoint-input.wgsl';
import outputSource from '../../shaders/winograd-adjoint-output.wgsl';
import multiplySource from '../../shaders/winograd-multiply-adjoint.wgsl';
import { type ConvShape, NO_BIAS, type Packing } from './conv.js';
import { WORKGROUP } from './conv-quads.js';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';
import { type TileGrid, tileSharing, type WeightOrder, type WinogradChannels } from './winograd.js';

// The data gradient of a 3×3 convolution as its own Winograd backwards: with out = Aᵀ·[(G·g·Gᵀ) ⊙ (Bᵀ·x·B)]·A the gradient in x is
// B·[(G·g·Gᵀ) ⊙ (A·dout·Aᵀ)]·Bᵀ. So it multiplies the tiles of dout, and needs the transformed weights that the convolution had,
// where a Winograd of the gradient as a convolution of its own transforms flipped weights, and has tiles of all pixels that it makes: of the 10×18
// under a mirrored border of 8×16 fifteen instead of eight.

/** The convolution whose data gradient a transposed one is. */
export const forwardOf = ({ inputs, outputs, input, output, ...shape }: ConvShape): ConvShape => ({
  ...shape,
  inputs: outputs,
  outputs: inputs,
  input: output,
  output: input,
  transposed: false,
});

/** dout, v. */
export function adjointInput(planes: PlaneRange, { output }: ConvShape, { tilesX, tiles, row }: TileGrid): Kernel {
  const [height, width] = output;
  return planewise(planes, {
    name: 'conv.winograd-adjoint.input',
    source: inputSource,
    itemsPerPlane: row,
    flopsPerItem: 100,
    params: { height, width, tilesX, tiles, row },
  });
}

/** x: tiles of dout, w: the weights packed for the convolution itself, out: the sums; all whole. */
export function adjointMultiply(
  shape: ConvShape,
  tile: WinogradChannels,
  { lanes, groupBlocks: wBlocks }: Packing,
  { positions, row }: TileGrid,
  order: WeightOrder,
): Kernel {
  const { images, groups, inputs, outputs } = shape;
  const { tiles, vecs } = tile;
  const quads = row / 4;
  const groupsX = Math.ceil(row / tiles);
  const groupBlocks = Math.ceil(outputs / (4 * WORKGROUP * vecs));
  const blocks = groups * groupBlocks;
  const { constants, hooks } = tileSharing(tile);
  return {
    name: `conv.${adjointName(tile)}`,
    source: multiplySource,
    constants: { ...constants, LOADS: 4 * (constants.PARTS as number), CHANNELS: 4 * vecs },
    hooks,
    params: {
      quads,
      groupsX,
      positions,
      images,
      blocks,
      groupBlocks,
      inputs,
      outputs,
      xChannels: groups * inputs,
      outChannels: groups * outputs,
      wBlocks,
      blockQuads: lanes / 4,
      wBlock: (outputs * positions * lanes) / 4,
      wRow: order.row / 4,
      wLine: (outputs * order.step) / 4,
    },
    workgroups: images * blocks * positions * groupsX,
    flops: 2 * images * groups * inputs * outputs * positions * row,
  };
}

const adjointName = ({ tiles, vecs, broadcast }: WinogradChannels): string =>
  `winograd-adjoint-${tiles}x${vecs}${broadcast > 0 ? '-broadcast' : ''}`;

/** sums, out, and the bias where there is one. */
export function adjointOutput(
  planes: PlaneRange,
  { groups, outputs, output, padding }: ConvShape,
  bias: boolean,
  { tilesX, tiles, row }: TileGrid,
): Kernel {
  const [height, width] = output;
  const tilesY = tiles / tilesX;
  const kernel = planewise(planes, {
    name: 'conv.winograd-adjoint.output',
    source: outputSource,
    itemsPerPlane: tilesY + 1,
    flopsPerItem: 220 * tilesX,
    params: {
      channels: groups * outputs,
      height,
      width,
      tilesX,
      tilesY,
      row,
      top: -padding[0],
      left: -padding[1],
    },
  });
  return bias ? kernel : { ...kernel, hooks: NO_BIAS };
}
