import sumSource from '../../shaders/conv-sum.wgsl';
import directSource from '../../shaders/conv-weight.wgsl';
import plainSource from '../../shaders/conv-weight-plain.wgsl';
import {
  type Adapter,
  areaOf,
  type ConvShape,
  FEW_PIXELS,
  fitsPolyphase,
  fitsWinograd,
  isWorthHalving,
  type Part,
  range,
  WINOGRAD_CHANNELS,
  WINOGRAD2_CHANNELS,
} from './conv.js';
import { tilePrior } from './gpu-prior.js';
import { groupsFor, type Kernel } from './kernel.js';

/**
 * The weight gradient of conv2d(x, w): `input` is x's plane, `output` that of dy. Its result is [G·outputs, inputs, kh, kw].
 */
export type WeightShape = Omit<ConvShape, 'transposed'>;

export interface WeightParts {
  image0: number;
  images: number;
  x: Part;
  dy: Part;
  /** In elements. */
  out: Part;
}

/** How the sum over samples and rows is cut: `splitImages` whole samples a split, or one sample in `segments` row ranges. */
export interface Splitting {
  splits: number;
  splitImages: number;
  segments: number;
  segmentRows: number;
}

/** (o, i, ky) triples times splits that keep a large GPU busy at 16 to 64 of them a thread. */
const WANTED = 2 ** 17;
/** Products a thread sums at least for each of its weights: below, storing and adding partials costs more than it gains. */
const SHORTEST = 256;

export const splittingOf = (shape: WeightShape): Splitting => {
  const { groups, inputs, outputs, kernel } = shape;
  return splittingFor(shape, Math.floor(WANTED / (groups * outputs * inputs * kernel[0])));
};

/** About `wanted` splits. A function of the shape alone: neither limits nor device may change the order of a sum. */
export function splittingFor({ images, output }: WeightShape, wanted: number): Splitting {
  const [rows, columns] = output;
  if (wanted <= images) {
    const splitImages = Math.ceil(images / Math.max(1, wanted));
    return { splits: Math.ceil(images / splitImages), splitImages, segments: 1, segmentRows: rows };
  }
  const segmentRows = Math.min(rows, Math.max(Math.ceil((rows * images) / wanted), Math.ceil(SHORTEST / columns)));
  const segments = Math.ceil(rows / segmentRows);
  return { splits: images * segments, splitImages: 1, segments, segmentRows };
}

/** Outputs × inputs whose weights of one tap row a thread owns. */
export interface WeightTile {
  ob: number;
  ib: number;
}

export const shapeParams = ({
  groups,
  inputs,
  outputs,
  input,
  output,
  kernel,
  stride,
  dilation,
  padding,
}: WeightShape) => ({
  kernelHeight: kernel[0],
  kernelWidth: kernel[1],
  inputs,
  outputs,
  xChannels: groups * inputs,
  dyChannels: groups * outputs,
  height: input[0],
  width: input[1],
  top: -padding[0],
  left: -padding[1],
  strideY: stride[0],
  dilationY: dilation[0],
  rows: output[0],
  columns: output[1],
});

export const partParams = ({ image0, images, x, dy, out }: WeightParts) => ({
  image0,
  images,
  ...range('x', x),
  ...range('dy', dy),
  ...range('out', out),
});

/** Multiply-adds of a launch: each of its weights meets every pixel of dy, once a sample (of its own split). */
export const costOf = (shape: WeightShape, { images, out }: WeightParts, splits: number) => ({
  flops: (2 * images * areaOf(shape.output) * (out.end - out.start)) / splits,
});

export interface WeightDirectParts extends WeightParts {
  split0: number;
  splits: number;
  /** Some launch goes on from what an earlier one stored. */
  continues: boolean;
}

/** Partial sums [splits, G·outputs, inputs, kh, kw], or dw itself where there is one split. */
export function weightDirectKernel(
  shape: WeightShape,
  { ob, ib }: WeightTile,
  splitting: Splitting,
  parts: WeightDirectParts,
): Kernel {
  const { groups, inputs, outputs, kernel, stride, dilation, images } = shape;
  const tw = kernel[1];
  const dx = tw > 1 ? dilation[1] : 1;
  const span = (tw - 1) * dx + 1;
  const keep = Math.max(0, span - stride[1]);
  const inBlocks = Math.ceil(inputs / ib);
  const groupBlocks = Math.ceil(outputs / ob);
  const blocks = groups * groupBlocks;
  return {
    name: `convWeight.direct-${ob}x${ib}`,
    source: directSource,
    constants: {
      OB: ob,
      IB: ib,
      TW: tw,
      SX: stride[1],
      DX: dx,
      SPAN: span,
      KEEP: keep,
      FRESH: span - keep,
      WARM: Math.ceil(keep / stride[1]),
      WINDOW: ib * span,
      TILE: ob * ib * tw,
      REFLECT: shape.reflect,
      CONTINUES: parts.continues,
    },
    params: {
      ...shapeParams(shape),
      ...partParams(parts),
      inBlocks,
      groupBlocks,
      blocks,
      split0: parts.split0,
      splits: parts.splits,
      segments: splitting.segments,
      segmentRows: splitting.segmentRows,
      splitImages: splitting.splitImages,
      allImages: images,
    },
    workgroups: groupsFor(kernel[0] * inBlocks * blocks * parts.splits),
    ...costOf(shape, parts, splitting.splits),
  };
}

/** Adds the splits in order; parts in elements. */
export function weightSumKernel(size: number, splits: number, parts: { partial: Part; dw: Part }): Kernel {
  const threads = parts.dw.end - parts.dw.start;
  const added = Math.min(threads * splits, parts.partial.end - parts.partial.start);
  return {
    name: 'convWeight.sum',
    source: sumSource,
    constants: {},
    params: { size, splits, ...range('partial', parts.partial), ...range('dw', parts.dw) },
    workgroups: groupsFor(threads),
    flops: added,
  };
}

/** The reference: one weight a thread, every number data. */
export function weightPlainKernel(shape: WeightShape, parts: WeightParts): Kernel {
  return {
    name: 'convWeight.plain',
    source: plainSource,
    constants: {},
    params: {
      ...shapeParams(shape),
      ...partParams(parts),
      strideX: shape.stride[1],
      dilationX: shape.dilation[1],
      reflect: Number(shape.reflect),
    },
    workgroups: groupsFor(parts.out.end - parts.out.start),
    ...costOf(shape, parts, 1),
  };
}

/** Candidate that a device starts with; the tuner may know better. */
export function weightPrior(shape: WeightShape, adapter: Adapter, precise: boolean): string {
  const { kind, subgroupSize } = adapter;
  const { inputs, outputs, output, kernel } = shape;
  const broadcasts = subgroupSize !== null && 8 % subgroupSize === 0;
  if (kind === 'cpu' && broadcasts) {
    const wide = Math.min(inputs, outputs) >= WINOGRAD_CHANNELS;
    // 36 sums a kernel over a few tiles are mostly stores: 512 channels on 8×16 take twice the time of plain sums, 16 sums 0.8 of it.
    const transformed = wide && areaOf(output) > FEW_PIXELS && !precise;
    if (transformed && fitsWinograd(shape)) return 'winograd-1x32-broadcast';
    // 3×3 of stride 2 fill the phases by 9/16 only, which plain sums beat.
    const phases = transformed && areaOf(kernel) === 16 && fitsPolyphase({ ...shape, transposed: false });
    if (phases) return 'polyphase-1x32-broadcast';
    if (isWorthHalving(shape, WINOGRAD2_CHANNELS)) return 'winograd2-2x32-broadcast';
    // 7×7 from 36 to 64 channels: 35 ms for 44 (lavapipe). On four lanes, or where some of the 16 are idle, it may take longer.
    return subgroupSize === 8 && outputs % 16 === 0 ? 'quads-16-broadcast' : 'quads-8-broadcast';
  }
  return tilePrior(adapter, outputs) ?? `direct-${Math.min(outputs, 4)}x${Math.min(inputs, 4)}`;
}
