import columnsSource from '../../shaders/conv-columns.wgsl';
import quadsSource from '../../shaders/conv-quads.wgsl';
import {
  blockParams,
  type ConvShape,
  type DirectParts,
  NO_BIAS,
  type Packing,
  type Phase,
  type PhasePair,
  phaseParams,
  range,
} from './conv.js';
import { groupsFor, type Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** Rows × vec4 of a row × output channels that a thread owns. */
export interface QuadTile {
  rows: number;
  quads: number;
  oc: number;
  /** Lanes of a subgroup that share the loads of weights; 0: every thread loads its own. */
  broadcast: number;
}

/** Threads of a workgroup: no more than a subgroup or two, since a small plane makes few tiles. */
export const WORKGROUP = 8;

/** How conv-columns.wgsl lays x out for all phases of a convolution. */
export interface Columns {
  /** Columns by their remainder mod this. */
  sx: number;
  rows: number;
  /** vec4 of a row of one remainder. */
  quads: number;
  /** Input row and column of the first copied. */
  top: number;
  left: number;
  reflect: boolean;
  /** Pixels of x from one output's to the next one's, where this is x itself and no copy. */
  spread?: number;
}

/** Input pixels a phase reads along an axis: from its first tap of output 0 to its last tap of the last output. */
const last = ({ start, count, stride, taps, dilation }: Phase, outputs = count): number =>
  start + (outputs - 1) * stride + Math.max(0, taps - 1) * dilation;

export function columnsOf(
  phases: readonly PhasePair[],
  reflect: boolean,
  tile: Pick<QuadTile, 'rows' | 'quads'>,
): Columns {
  const [ys, xs] = [phases.map(([y]) => y), phases.map(([, x]) => x)];
  const sx = xs[0]!.stride;
  const top = Math.min(...ys.map(({ start }) => start));
  const left = Math.min(...xs.map(({ start }) => start));
  const whole = (count: number, step: number) => Math.ceil(count / step) * step;
  // Tiles at the rim read as much as whole ones.
  const bottom = Math.max(...ys.map((y) => last(y, whole(y.count, tile.rows))));
  const right = Math.max(...xs.map((x) => last(x, whole(x.count, 4 * tile.quads))));
  return { sx, rows: bottom - top + 1, quads: Math.ceil((right - left + 1) / (4 * sx)) + 1, top, left, reflect };
}

/**
 * x itself in the place of a copy: where its rows are whole vec4, nothing is mirrored, and a stride leaves pixels of a vec4 to more than one
 * tap. 3×3/2, 32 to 64 channels of 128×256, takes 8.4 ms then for 10.2 on eight lanes; stride 1 8.2 for 6.5, and four lanes 1.1 of the time.
 */
export function bare(
  { input: [rows, width], reflect }: ConvShape,
  [[, { stride }]]: readonly PhasePair[],
  { broadcast }: QuadTile,
): Columns | undefined {
  const worth = stride > 1 && broadcast >= WIDE;
  if (!worth || reflect || width % 4 > 0) return undefined;
  return { sx: 1, rows, quads: width / 4, top: 0, left: 0, reflect, spread: stride };
}

/** Elements of a plane of the copy. */
export const columnsArea = ({ sx, rows, quads }: Columns): number => 4 * sx * rows * quads;

/** vec4 of a row that a thread copies. */
const TILE = 4;

/** x, columns. */
export function columnsKernel(planes: PlaneRange, [height, width]: ConvShape['input'], columns: Columns): Kernel {
  const { sx, rows, quads, top, left, reflect } = columns;
  const items = sx * rows * Math.ceil(quads / TILE);
  const kernel = planewise(
    { ...planes, bases: { ...planes.bases, columnsBase: planes.bases.columnsBase! / 4 } },
    {
      name: 'conv.columns',
      source: columnsSource,
      constants: { TILE, SX: sx, REFLECT: reflect },
      itemsPerPlane: items,
      flopsPerItem: 0,
      params: { height, width, rows, quads, top, left },
    },
  );
  return { ...kernel, workgroups: groupsFor((planes.p1 - planes.p0) * items) };
}

/** Where tap tx of a phase finds its first pixel among the VECS vec4 of every remainder. */
export function tapPlaces({ start, taps, dilation }: Phase, { sx, left }: Columns, quads: number) {
  const offsets = Array.from({ length: Math.max(1, taps) }, (_, tx) => start - left + tx * dilation);
  const shift = (offset: number) => Math.floor(offset / sx);
  const vecs = Math.ceil((4 * quads + Math.max(...offsets.map(shift))) / 4);
  return { vecs, places: offsets.map((offset) => (offset % sx) * 4 * vecs + shift(offset)) };
}

/** The same on x itself: the vec4 in which the first pixel lies, and of those from there on the range of pixels that is read. */
function barePlaces({ start, taps, dilation }: Phase, spread: number, quads: number) {
  const left = Math.floor(start / 4);
  const places = Array.from({ length: Math.max(1, taps) }, (_, tx) => start - 4 * left + tx * dilation);
  const last = places.at(-1)! + (4 * quads - 1) * spread;
  // Three of a vec4 one by one would cost more than all.
  const [first, end] = [places[0]! === 1 ? 0 : places[0]!, last % 4 === 2 ? last + 1 : last];
  return { left, places, vecs: Math.floor(end / 4) + 1, first, last: end };
}

/** Of a copy everything is read that its vec4 hold: compilers leave out what no tap wants. */
function copiedPlaces(phase: Phase, columns: Columns, quads: number): ReturnType<typeof barePlaces> {
  const { vecs, places } = tapPlaces(phase, columns, quads);
  return { left: 0, places, vecs, first: 0, last: 4 * vecs - 1 };
}

/** What of a kernel says how its threads come by what is the same for all. */
type Sharing = Required<Pick<Kernel, 'constants' | 'hooks'>> & { lanes: number };

/**
 * Weights: handed round by the lanes of a subgroup, one loaded by each or, where lanes are many and so many `channels` side by side fill
 * them, a vec4; with 0 lanes every thread loads its own as vec4. In the files a shuffle stands for the broadcast, whose lane must be a literal: that it is only after unrolling.
 */
export function sharedWeights(broadcast: number, channels = 1): Sharing {
  const vecs = !broadcast || (broadcast >= WIDE && channels % (4 * broadcast) === 0);
  const lanes = (broadcast || 1) * (vecs ? 4 : 1);
  const handed = vecs ? 'subgroupBroadcast(loaded, l / 4u)[l % 4u]' : 'subgroupBroadcast(loaded, l)';
  return {
    lanes,
    constants: { WG: WORKGROUP, BROADCAST: broadcast > 0, LANES: lanes, Packed: vecs ? 'vec4f' : 'f32' },
    hooks: {
      pick: `fn pick(loaded: Packed, l: u32) -> f32 { return ${broadcast ? handed : 'loaded[l]'}; } // @inline`,
      ...(vecs ? { place: 'fn place(element: u32, lane: u32) -> u32 { return element / 4u + lane; }' } : {}),
    },
  };
}

/**
 * Lanes from which on a step takes more at once, since sums, more than there are registers, are read and written once a step: two input channels
 * of F(2×2, 3×3), and weights as vec4, take 0.8 of the time on lavapipe's eight, all taps of `phases` 0.75. On SwiftShader's four they would
 * take 1.4 and 1.2.
 */
export const WIDE = 8;

/** vec4 of pixels, likewise. */
export function sharedPixels(broadcast: number): Sharing {
  const lanes = broadcast || 1;
  const picked = broadcast > 0 ? 'subgroupBroadcast(loaded, l)' : 'loaded';
  return {
    lanes,
    constants: { WG: WORKGROUP, BROADCAST: broadcast > 0, LANES: lanes },
    hooks: { pick: `fn pick(loaded: vec4f, l: u32) -> vec4f { return ${picked}; } // @inline` },
  };
}

export const quadPacking = ({ groups, outputs }: ConvShape, { oc }: Pick<QuadTile, 'oc'>): Packing => {
  const groupBlocks = Math.ceil(outputs / oc);
  return { oc, lanes: oc, groupBlocks, blocks: groups * groupBlocks };
};

export const quadName = ({ rows, quads, oc, broadcast }: QuadTile): string =>
  `quads-${rows}x${quads}x${oc}${broadcast > 0 ? '-broadcast' : ''}`;

/** One phase, or the whole of a conv2d; x's planes are those of `columns`, w the packed weights. */
export function quadsKernel(
  shape: ConvShape,
  tile: QuadTile,
  columns: Columns,
  [py, px]: PhasePair,
  parts: DirectParts,
): Kernel {
  const { inputs } = shape;
  const { images, blocks, x, w, out } = parts;
  const { rows, quads, oc, broadcast } = tile;
  const { lanes, ...sharing } = sharedWeights(broadcast, oc);
  const { spread } = columns;
  const { vecs, places, left, first, last } = spread ? barePlaces(px, spread, quads) : copiedPlaces(px, columns, quads);
  const tw = places.length;
  const taps = px.taps > 0 ? py.taps : 0;
  const tilesX = Math.ceil(px.count / (4 * quads));
  const tiles = tilesX * Math.ceil(py.count / rows);
  const tileGroups = Math.ceil(tiles / WORKGROUP);
  const products = images * Math.min(blocks * oc, out.end - out.start) * inputs * py.count * px.count * taps * tw;
  const span = columns.sx * vecs * 4;
  return {
    name: `conv.${quadName(tile)}`,
    source: quadsSource,
    constants: {
      ...sharing.constants,
      TW: tw,
      SX: columns.sx,
      SPREAD: spread ?? 1,
      BARE: spread !== undefined,
      ROWS: rows,
      QUADS: quads,
      OC: oc,
      PARTS: oc / lanes,
      LOADS: (tw * oc) / lanes,
      VECS: vecs,
      FIRST: first,
      LAST: last,
      SPAN: span,
      VALUES: rows * span,
      SHIFTED: rows * quads * tw,
      SUMS: rows * quads * oc,
      AT: places,
      CONTINUES: parts.continues,
      BY_CHANNEL: parts.precise,
    },
    hooks: { ...sharing.hooks, ...(parts.bias ? {} : NO_BIAS) },
    params: {
      tilesX,
      tiles,
      tileGroups,
      rows: py.count,
      columns: px.count,
      ...blockParams(shape, parts, quadPacking(shape, tile).groupBlocks),
      xRows: columns.rows,
      xQuads: columns.quads,
      top: py.start - columns.top,
      left,
      strideY: py.stride,
      dilationY: py.dilation,
      taps,
      ...phaseParams(shape, [py, px]),
      ...range('x', { ...x, base: x.base / 4 }),
      ...range('w', w),
      ...range('out', out),
    },
    workgroups: images * blocks * tileGroups,
    flops: 2 * products,
  };
}
