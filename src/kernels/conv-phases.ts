import source from '../../shaders/conv-phases.wgsl';
import {
  areaOf,
  blockParams,
  type ConvShape,
  type DirectParts,
  NO_BIAS,
  type Phase,
  type PhasePair,
  phasesOf,
  range,
} from './conv.js';
import { type Columns, columnsOf, type QuadTile, quadPacking, sharedWeights, WIDE, WORKGROUP } from './conv-quads.js';
import type { Kernel } from './kernel.js';

// Transposed convolutions of stride 2 whose thread owns all four sub-pixel phases; a QuadTile counts pixels of x.

const axes = (shape: ConvShape) => [phasesOf(shape, 0), phasesOf(shape, 1)] as const;

/** How x is laid out for all phases at once. */
export function phaseColumns(shape: ConvShape, tile: QuadTile): Columns {
  const [ys, xs] = axes(shape);
  const pairs = ys.flatMap((y) => xs.map((x): PhasePair => [y, x]));
  // A tile goes on in every phase for as long as the longest has pixels.
  const most = (list: readonly Phase[]) => Math.max(...list.map(({ count }) => count));
  const whole = pairs.map(
    ([y, x]): PhasePair => [
      { ...y, count: most(ys) },
      { ...x, count: most(xs) },
    ],
  );
  return columnsOf(whole, false, tile);
}

/** Of every tap of an axis, the last first: its phase, and its place among the pixels that output 0 of all phases reads. */
function tapsOf(phases: readonly Phase[], taps: number, first: number) {
  return Array.from({ length: taps }, (_, t) => {
    const tap = taps - 1 - t;
    const phase = phases.findIndex((p) => p.taps > 0 && (p.tap0 - tap) % p.tapStep === 0 && tap <= p.tap0);
    const { start, tap0, tapStep, dilation } = phases[phase]!;
    return { phase, at: start - first + ((tap - tap0) / tapStep) * dilation };
  });
}

export const phasesName = ({ rows, quads, oc, broadcast }: QuadTile): string =>
  `phases-${rows}x${quads}x${oc}${broadcast > 0 ? '-broadcast' : ''}`;

/** x's planes are those of the copy, w the packed weights. */
export function phasesKernel(shape: ConvShape, tile: QuadTile, columns: Columns, parts: DirectParts): Kernel {
  const { inputs, input, output, kernel } = shape;
  const { images, blocks, x, w, out } = parts;
  const { rows, quads, oc, broadcast } = tile;
  const { lanes, ...sharing } = sharedWeights(broadcast);
  const inner = broadcast >= WIDE ? 1 : lanes;
  const [ys, xs] = axes(shape);
  const [tapsY, tapsX] = [tapsOf(ys, kernel[0], columns.top), tapsOf(xs, kernel[1], columns.left)];
  const reach = (taps: readonly { at: number }[]) => Math.max(...taps.map(({ at }) => at));
  const lines = rows + reach(tapsY);
  const vecs = Math.ceil((4 * quads + reach(tapsX)) / 4);
  const tilesX = Math.ceil(Math.ceil(output[1] / 2) / (4 * quads));
  const tiles = tilesX * Math.ceil(Math.ceil(output[0] / 2) / rows);
  const tileGroups = Math.ceil(tiles / WORKGROUP);
  const size = rows * quads * oc;
  const channels = Math.min(blocks * oc, out.end - out.start);
  return {
    name: `conv.${phasesName(tile)}`,
    source,
    constants: {
      ...sharing.constants,
      TH: kernel[0],
      TW: kernel[1],
      AT_Y: tapsY.map(({ at }) => at),
      AT_X: tapsX.map(({ at }) => at),
      PHASE_Y: tapsY.map(({ phase }) => phase),
      PHASE_X: tapsX.map(({ phase }) => phase),
      ROWS: rows,
      QUADS: quads,
      OC: oc,
      PARTS: oc / lanes,
      OUTER: lanes / inner,
      INNER: inner,
      TAPS: areaOf(kernel),
      LOADS: (areaOf(kernel) * oc) / lanes,
      LINES: lines,
      VECS: vecs,
      SPAN: 4 * vecs,
      VALUES: lines * 4 * vecs,
      TILE: size,
      PAIR: 2 * size,
      SUMS: 4 * size,
      CONTINUES: parts.continues,
    },
    hooks: { ...sharing.hooks, ...(parts.bias ? {} : NO_BIAS) },
    params: {
      tilesX,
      tiles,
      tileGroups,
      ...blockParams(shape, parts, quadPacking(shape, tile).groupBlocks),
      xRows: columns.rows,
      xQuads: columns.quads,
      outHeight: output[0],
      outWidth: output[1],
      ...range('x', { ...x, base: x.base / 4 }),
      ...range('w', w),
      ...range('out', out),
    },
    workgroups: images * blocks * tileGroups,
    flops: 2 * images * channels * inputs * areaOf(kernel) * areaOf(input),
  };
}
