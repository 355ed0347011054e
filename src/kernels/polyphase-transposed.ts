import inputSource from '../../shaders/polyphase-input.wgsl';
import outputSource from '../../shaders/polyphase-transposed-output.wgsl';
import { type ConvShape, type DirectParts, NO_BIAS, type Part, phasesOf, range } from './conv.js';
import { groupsFor, type Kernel } from './kernel.js';
import { lacks, PHASE_POSITIONS, PHASES, SIDE, transformTiles } from './polyphase.js';
import {
  type TileGrid,
  tileGrid,
  tileName,
  type WeightOrder,
  type WinogradTile,
  winogradMultiply,
  winogradPacking,
} from './winograd.js';

// The transpose of kernels/polyphase.ts: a transposed convolution of stride 2 is four of 2×2 taps on one picture, each of which makes
// the pixels of one parity of row and column. x's tiles are transformed once for all of them, and blocks of output channels come
// four times, phase after phase. Weights are those of polyphase.ts: packed[block, phase·I + i] is taken for packed[block·4 + phase, i].

/**
 * Of the phases with the parity of taps 0 and 1, counted from the last, along an axis: the first output, the number of outputs, and by
 * how many pixels of x they begin after the first that any reads.
 */
function phasesByTap(shape: ConvShape, axis: 0 | 1) {
  const phases = phasesOf(shape, axis);
  const first = Math.min(...phases.map(({ start }) => start));
  const of = (parity: number) => {
    const { offset, count, start } = phases.find(({ tap0 }) => shape.kernel[axis] - 1 - tap0 === parity)!;
    return { offset, count, later: start - first };
  };
  return { first, phases: [of(0), of(1)] as const };
}

/** Tiles of x that all phases share. */
export function transposedGrid(shape: ConvShape): TileGrid {
  const reach = (axis: 0 | 1) => Math.max(...phasesByTap(shape, axis).phases.map(({ count, later }) => count + later));
  return tileGrid({ output: [reach(0), reach(1)] }, SIDE, PHASE_POSITIONS);
}

/** The sums: channels of whole blocks, of all phases. */
export function transposedSums(shape: ConvShape, tile: WinogradTile): ConvShape {
  const { oc, groupBlocks } = winogradPacking(shape, tile);
  return { ...shape, outputs: groupBlocks * PHASES * oc };
}

/** x, v; parts in planes. */
export const transposedInput = (shape: ConvShape, x: Part, v: Part, grid: TileGrid): Kernel =>
  transformTiles({ name: 'conv.polyphase.input', source: inputSource, flops: 32 }, shape, x, v, grid, {
    phases: 1,
    stride: 1,
    apart: 0,
    top: phasesByTap(shape, 0).first,
    left: phasesByTap(shape, 1).first,
  });

const lacking = ({ kernel }: ConvShape): [y: boolean, x: boolean] => [kernel[0] === 3, kernel[1] === 3];

/** Of three taps the second phase of an axis has one: its blocks have nothing at the last position. */
function reach(shape: ConvShape): string {
  const [y, x] = lacking(shape);
  return `fn reach(r: u32, block: u32) -> vec2u {
  let phase = block % 4u;
  let px = phase == 0u || phase == 3u;
  let nothing = (px && ${lacks(x, 'r % 4u', 3)}) || (phase >= 2u && ${lacks(y, 'r / 4u', 3)});
  return vec2u(0u, select(params.inputs, 0u, nothing));
}`;
}

/** v, packed, sums; parts in planes. */
export function transposedMultiply(
  shape: ConvShape,
  tile: WinogradTile,
  parts: DirectParts,
  grid: TileGrid,
  order: WeightOrder,
): Kernel {
  const kernel = winogradMultiply(transposedSums(shape, tile), tile, parts, grid, order);
  const name = `conv.polyphase-${tileName(tile)}`;
  return { ...kernel, name, hooks: { ...kernel.hooks, reach: reach(shape) } };
}

/** sums, out, and the bias where there is one; parts in planes. */
export function transposedOutput(
  shape: ConvShape,
  tile: WinogradTile,
  { sums, out, bias }: { sums: Part; out: Part; bias: boolean },
  { tilesX, tiles, tileY, row }: TileGrid,
): Kernel {
  const { groups, outputs, output } = shape;
  const { oc, groupBlocks } = winogradPacking(shape, tile);
  const [lacksY, lacksX] = lacking(shape);
  const planes = sums.end - sums.start;
  const begins = ([0, 1] as const).flatMap((axis) =>
    phasesByTap(shape, axis).phases.map(({ offset, later }) => offset - 2 * later),
  );
  return {
    name: 'conv.polyphase.transposed-output',
    source: outputSource,
    constants: { LACKS_Y: lacksY, LACKS_X: lacksX },
    ...(bias ? {} : { hooks: NO_BIAS }),
    params: {
      first: sums.start,
      planes,
      channels: groups * outputs,
      outputs,
      oc,
      groupBlocks,
      height: output[0],
      width: output[1],
      tilesX,
      tiles,
      tileY,
      row,
      begins,
      sumsBase: sums.base,
      ...range('out', out),
    },
    workgroups: groupsFor(planes * tiles),
    flops: 40 * planes * tiles,
  };
}
