import kernelsSource from '../../shaders/polyphase-kernels.wgsl';
import tilesSource from '../../shaders/polyphase-tiles.wgsl';
import { type Part, range } from './conv.js';
import type { Splitting, WeightDirectParts, WeightShape } from './conv-weight.js';
import { groupsFor, type Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';
import { lacks, ofPhases } from './polyphase.js';
import type { TileGrid } from './winograd.js';
import { type WinogradWeightTile, weightTileName, winogradWeightMultiply } from './winograd-weight.js';

// The weight gradient of kernels/polyphase.ts: x's tiles as they are there, dy's by the output's transform backwards, their products
// summed over tiles position by position, and the sums brought back to 2×2 taps of each phase.

/** dy, v. */
export function polyphaseTiles(
  planes: PlaneRange,
  shape: WeightShape,
  { tilesX, tiles, tileY, row }: TileGrid,
): Kernel {
  const [height, width] = shape.output;
  return planewise(planes, {
    name: 'convWeight.polyphase.tiles',
    source: tilesSource,
    itemsPerPlane: row,
    flopsPerItem: 21,
    params: { height, width, tilesX, tiles, tileY, row },
  });
}

/** As `reach` of polyphase.ts: the last position of a tile's axis is wanted by a second tap alone, which of three taps the second phase lacks. */
function wanted({ kernel: [taps0, taps1] }: WeightShape): string {
  return `fn wanted(r: u32, first: u32, last: u32) -> bool {
  let inputs = params.inputs / 4u;
  let phase = first / inputs;
  let px = phase == 0u || phase == 3u;
  let lacks = (px && ${lacks(taps1 === 3, 'r % 4u', 3)}) || (phase >= 2u && ${lacks(taps0 === 3, 'r / 4u', 3)});
  return phase != last / inputs || !lacks;
}`;
}

/** Sums [splits, G·outputs, 16, 4·inputs]; parts whose channels of x are those of all phases. */
export function polyphaseWeightMultiply(
  shape: WeightShape,
  tile: WinogradWeightTile,
  splitting: Splitting,
  parts: WeightDirectParts,
  grid: TileGrid,
): Kernel {
  const kernel = winogradWeightMultiply(ofPhases(shape), tile, splitting, parts, grid);
  return {
    ...kernel,
    name: `convWeight.polyphase-${weightTileName(tile)}`,
    hooks: { ...kernel.hooks, wanted: wanted(shape) },
  };
}

/** sums, dw; of dw a part in planes, of the sums in output channels. */
export function polyphaseKernels(
  { inputs, kernel, stride }: WeightShape,
  { start, end, base }: Part,
  dw: Part,
): Kernel {
  const [first, last] = [4 * inputs * start, 4 * inputs * end];
  const planes = last - first;
  return {
    name: 'convWeight.polyphase.kernels',
    source: kernelsSource,
    constants: {},
    params: {
      inputs,
      kernelHeight: kernel[0],
      kernelWidth: kernel[1],
      stride: stride[0],
      ...range('sums', { start: first, end: last, base }),
      ...range('dw', dw),
    },
    workgroups: groupsFor(planes),
    flops: 24 * planes,
  };
}
