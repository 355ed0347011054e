import directSource from '../../shaders/conv.wgsl';
import packSource from '../../shaders/conv-pack.wgsl';
import plainSource from '../../shaders/conv-plain.wgsl';
import { tilePrior } from './gpu-prior.js';
import { groupsFor, type Kernel } from './kernel.js';

/** Height and width. */
export type Size = readonly [number, number];

/** One convolution, in torch's terms; `inputs` and `outputs` count the channels of one group. */
export interface ConvShape {
  images: number;
  groups: number;
  inputs: number;
  outputs: number;
  input: Size;
  output: Size;
  kernel: Size;
  stride: Size;
  dilation: Size;
  /** Top and left; what lies below and right follows from the sizes. */
  padding: Size;
  reflect: boolean;
  transposed: boolean;
}

/** The bound part of a tensor: [start, end) in planes or elements as the kernel counts it, `base` in elements. */
export interface Part {
  start: number;
  end: number;
  base: number;
}

/** What one launch computes of its convolution. */
export interface ConvParts {
  image0: number;
  images: number;
  x: Part;
  w: Part;
  out: Part;
  bias: boolean;
}

export const areaOf = ([height, width]: Size): number => height * width;
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** What a prior may look at. */
export interface Adapter {
  kind: 'cpu' | 'gpu';
  /** As the adapter's info has it: nvidia, amd, intel, apple, … */
  vendor: string;
  /** Lanes of a proven fixed subgroup size. */
  subgroupSize: number | null;
}

/** Uniforms of a part: `xStart`, `xEnd`, `xBase` for x. */
export const range = (name: string, { start, end, base }: Part): Record<string, number> => ({
  [`${name}Start`]: start,
  [`${name}End`]: end,
  [`${name}Base`]: base,
});

export const NO_BIAS = { bias: 'fn bias(channel: u32) -> f32 { return 0.0; }' };

// ---- phases

/** Along one axis: outputs offset, offset + step, …, and the taps that reach them, as an arithmetic progression. */
export interface Phase {
  offset: number;
  step: number;
  count: number;
  taps: number;
  tap0: number;
  tapStep: number;
  /** Input position of output 0 at the first tap; then `stride` an output and `dilation` a tap. */
  start: number;
  stride: number;
  dilation: number;
}

/**
 * A convolution along one axis as gathers with a constant stride. conv2d is one. convTranspose2d adds tap k of input i to
 * output o = i·stride − padding + k·dilation, so output phase o mod stride is reached by every (stride/gcd)-th tap alone:
 * `stride` small convolutions without a wasted product. They walk the taps backwards, hence forwards through the input.
 */
export function phasesOf(shape: ConvShape, axis: 0 | 1): Phase[] {
  const [taps, count] = [shape.kernel[axis], shape.output[axis]];
  const [stride, dilation, padding] = [shape.stride[axis], shape.dilation[axis], shape.padding[axis]];
  if (!shape.transposed) {
    return [{ offset: 0, step: 1, count, taps, tap0: 0, tapStep: 1, start: -padding, stride, dilation }];
  }
  const common = gcd(stride, dilation);
  return Array.from({ length: Math.min(stride, count) }, (_, offset): Phase => {
    const reaching = Array.from({ length: taps }, (_, k) => k).filter(
      (k) => (offset + padding - k * dilation) % stride === 0,
    );
    const last = reaching.at(-1) ?? 0;
    return {
      offset,
      step: stride,
      count: Math.ceil((count - offset) / stride),
      taps: reaching.length,
      tap0: last,
      tapStep: -stride / common,
      start: reaching.length > 0 ? (offset + padding - last * dilation) / stride : 0,
      stride: 1,
      dilation: dilation / common,
    };
  });
}

/** Those of the two axes, vertical first. */
export type PhasePair = readonly [Phase, Phase];

export const phasePairs = (shape: ConvShape): PhasePair[] =>
  phasesOf(shape, 0).flatMap((y) => phasesOf(shape, 1).map((x) => [y, x] as const));

// ---- direct

/** Pixels of a row × output channels that a thread owns. */
export interface ConvTile {
  px: number;
  oc: number;
}

export interface Packing {
  oc: number;
  /** Channels of a block in memory: oc rounded up to whole vec4. */
  lanes: number;
  groupBlocks: number;
  blocks: number;
  /** Channels of a block that stand side by side for all inputs, where not all of them do. */
  line?: number;
}

export function packingOf({ groups, outputs }: ConvShape, { oc }: ConvTile): Packing {
  const groupBlocks = Math.ceil(outputs / oc);
  return { oc, lanes: 4 * Math.ceil(oc / 4), groupBlocks, blocks: groups * groupBlocks };
}

/** Strides of the weights: torch keeps [out, in, …] for conv2d, [in, out, …] for convTranspose2d. */
export const weightStrides = ({ transposed, inputs, outputs }: ConvShape, tap: number) => ({
  wOut: (transposed ? 1 : inputs) * tap,
  wIn: (transposed ? outputs : 1) * tap,
  wGroup: inputs * outputs * tap,
});

/** Copies weights into the order of the direct kernel; parts in elements. */
export function packKernel(
  shape: ConvShape,
  { oc, lanes, groupBlocks }: Packing,
  parts: { w: Part; packed: Part },
): Kernel {
  const size = parts.packed.end - parts.packed.start;
  const kernelArea = areaOf(shape.kernel);
  const { inputs, outputs } = shape;
  return {
    name: 'conv.pack',
    source: packSource,
    constants: {},
    params: {
      ...weightStrides(shape, kernelArea),
      inputs,
      outputs,
      oc,
      lanes,
      groupBlocks,
      kernelArea,
      ...range('w', parts.w),
      ...range('packed', parts.packed),
    },
    workgroups: groupsFor(size / lanes),
    flops: 0,
  };
}

export interface DirectParts extends ConvParts {
  block0: number;
  blocks: number;
  /** Some launch of this convolution starts from what an earlier one stored. */
  continues: boolean;
  /** Rounds less: every channel's products are added before they join the sum. */
  precise: boolean;
}

/** Uniforms of a part: images, and blocks of output channels. */
export const blockParams = (
  { groups, inputs, outputs }: ConvShape,
  { image0, images, block0, blocks }: Pick<DirectParts, 'image0' | 'images' | 'block0' | 'blocks'>,
  groupBlocks: number,
) => ({
  ...{ image0, images, block0, blocks, groupBlocks, inputs, outputs },
  xChannels: groups * inputs,
  outChannels: groups * outputs,
});

/** Uniforms of a pair of phases: where their results stand, and which taps they sum. */
export const phaseParams = ({ output, kernel }: ConvShape, [py, px]: readonly [Phase, Phase]) => ({
  outWidth: output[1],
  outArea: areaOf(output),
  outY: py.offset,
  outX: px.offset,
  outStepY: py.step,
  outStepX: px.step,
  kernelArea: areaOf(kernel),
  tap0: py.tap0 * kernel[1] + px.tap0,
  tapY: py.tapStep * kernel[1],
  tapX: px.tapStep,
});

/** One phase, or the whole of a conv2d; parts in planes, w the packed weights. */
export function directKernel(
  shape: ConvShape,
  tile: ConvTile,
  [py, px]: readonly [Phase, Phase],
  parts: DirectParts,
): Kernel {
  const { inputs, input } = shape;
  const { images, blocks, x, w, out } = parts;
  const { lanes, groupBlocks } = packingOf(shape, tile);
  const tw = Math.max(1, px.taps);
  const dx = tw > 1 ? px.dilation : 1;
  const taps = px.taps > 0 ? py.taps : 0;
  const tiles = Math.ceil(px.count / tile.px);
  const products = images * Math.min(blocks * tile.oc, out.end - out.start) * inputs * py.count * px.count * taps * tw;
  return {
    name: `conv.direct-${tile.px}x${tile.oc}`,
    source: directSource,
    constants: {
      TW: tw,
      SX: px.stride,
      DX: dx,
      PX: tile.px,
      OC: tile.oc,
      QUADS: lanes / 4,
      LANES: lanes,
      WEIGHTS: tw * lanes,
      SPAN: (tile.px - 1) * px.stride + (tw - 1) * dx + 1,
      TILE: tile.px * tile.oc,
      REFLECT: shape.reflect,
      CONTINUES: parts.continues,
      BY_CHANNEL: parts.precise,
    },
    ...(parts.bias ? {} : { hooks: NO_BIAS }),
    params: {
      tiles,
      rows: py.count,
      columns: px.count,
      ...blockParams(shape, parts, groupBlocks),
      height: input[0],
      width: input[1],
      top: py.start,
      left: px.start,
      strideY: py.stride,
      dilationY: py.dilation,
      taps,
      ...phaseParams(shape, [py, px]),
      ...range('x', x),
      ...range('w', { ...w, base: w.base / 4 }),
      ...range('out', out),
    },
    workgroups: groupsFor(images * blocks * py.count * tiles),
    flops: 2 * products,
  };
}

// ---- plain

/** The reference: one output a thread, every number data; parts in planes, w as torch keeps it. */
export function plainKernel(shape: ConvShape, parts: ConvParts): Kernel {
  const { groups, inputs, outputs, input, output, kernel, stride, dilation, padding, transposed, reflect } = shape;
  const { image0, images, x, w, out } = parts;
  const sign = transposed ? -1 : 1;
  const threads = (out.end - out.start) * areaOf(output);
  const products = (threads * inputs * areaOf(kernel)) / (transposed ? areaOf(stride) : 1);
  return {
    name: 'conv.plain',
    source: plainSource,
    constants: {},
    ...(parts.bias ? {} : { hooks: NO_BIAS }),
    params: {
      image0,
      images,
      inputs,
      outputs,
      xChannels: groups * inputs,
      outChannels: groups * outputs,
      height: input[0],
      width: input[1],
      outHeight: output[0],
      outWidth: output[1],
      kernelHeight: kernel[0],
      kernelWidth: kernel[1],
      outStrideY: transposed ? 1 : stride[0],
      outStrideX: transposed ? 1 : stride[1],
      startY: -sign * padding[0],
      startX: -sign * padding[1],
      tapStepY: sign * dilation[0],
      tapStepX: sign * dilation[1],
      inStrideY: transposed ? stride[0] : 1,
      inStrideX: transposed ? stride[1] : 1,
      reflect: Number(reflect),
      ...weightStrides(shape, 1),
      ...range('x', x),
      ...range('w', w),
      ...range('out', out),
    },
    workgroups: groupsFor(threads),
    flops: 2 * products,
  };
}

/** A 3×3 convolution of stride 1: what Winograd's F(4×4, 3×3) can do. */
export const fitsWinograd = ({
  kernel,
  stride,
  dilation,
}: Pick<ConvShape, 'kernel' | 'stride' | 'dilation'>): boolean =>
  kernel.every((taps) => taps === 3) && [...stride, ...dilation].every((step) => step === 1);

/** Taps that conv-phases.wgsl writes out at most: each is OC sums in the text. */
const MOST_TAPS = 16;

/** A transposed convolution of stride 2 with all of its four phases: what conv-phases.wgsl can do. */
export const fitsPhases = ({ transposed, stride, output, kernel }: ConvShape): boolean =>
  transposed && stride.every((step) => step === 2) && output.every((size) => size > 1) && areaOf(kernel) <= MOST_TAPS;

/** A convolution as polyphase-input.wgsl and others do it: 3×3 or 4×4 of stride 2, and 4×4 of stride 1. Of transposed ones all phases are needed. */
export function fitsPolyphase({ transposed, stride, dilation, kernel, output }: ConvShape): boolean {
  const all = (list: Size, ...allowed: number[]) => list.every((value) => allowed.includes(value));
  if (!all(dilation, 1)) return false;
  if (all(stride, 1)) return all(kernel, 4);
  return all(stride, 2) && all(kernel, 3, 4) && !(transposed && output.some((size) => size < 2));
}

/** A convolution as nested-input.wgsl and others do it, of stride 1: 4×4, or as four of these 5×5 to 8×8. */
export function fitsNested({ kernel, stride, dilation }: ConvShape): boolean {
  if ([...stride, ...dilation].some((step) => step !== 1)) return false;
  return kernel.every((taps) => taps === 4) || kernel.every((taps) => taps > 4 && taps <= 8);
}

/** From so many channels on both sides a quarter of the products outweighs the transforms. */
export const WINOGRAD_CHANNELS = 32;

/** Likewise for F(2×2, 3×3), whose transforms work on four pixels for the sixteen of F(4×4). */
export const WINOGRAD2_CHANNELS = 128;

/** Pixels of a plane whose tiles of 2×2 are a vec4 for each thread of a workgroup. */
const WINOGRAD2_PIXELS = 128;

/** Whether F(2×2, 3×3) beats plain sums on a CPU adapter, where it does from so many channels on both sides on. */
export const isWorthHalving = (
  shape: Pick<ConvShape, 'inputs' | 'outputs' | 'output' | 'kernel' | 'stride' | 'dilation'>,
  channels: number,
): boolean =>
  Math.min(shape.inputs, shape.outputs) >= channels && areaOf(shape.output) >= WINOGRAD2_PIXELS && fitsWinograd(shape);

/** Time over that of plain sums: on lavapipe 0.7 at 128 channels, 1.2 at 64; on the four lanes of SwiftShader 0.65 at 32. */
const halvedFrom = (narrow: boolean): number => (narrow ? WINOGRAD_CHANNELS : WINOGRAD2_CHANNELS);

/** Pixels of 16 tiles: up to so many, threads side by side over tiles leave half of a workgroup idle, and more. */
export const FEW_PIXELS = 256;

/** Winograd on CPU adapters. 512 channels on 8×16: 8 ms over channels, 22 over tiles (lavapipe, two cores). */
function winogradPrior({ transposed, input, output, inputs, outputs }: ConvShape): string {
  // As its convolution had it: the adjoint reads the same transformed weights. 512 channels on 8×16 to 10×18: 35 ms, without their transform
  // 20, as a convolution of its own 49 (lavapipe, two cores).
  if (transposed && areaOf(input) <= FEW_PIXELS && Math.min(inputs, outputs) >= 64) {
    return 'winograd-adjoint-8x2-broadcast';
  }
  return areaOf(output) <= FEW_PIXELS && outputs >= 64 ? 'winograd-channels-8x2-broadcast' : 'winograd-1x32-broadcast';
}

/** Nested blocks or phases: 32 or 40 channels a thread, whichever leaves fewer idle. The lanes of a subgroup divide them. */
function phasedPrior(form: 'nested' | 'polyphase', { outputs }: ConvShape, lanes: number): string {
  const taken = (oc: number) => Math.ceil(outputs / oc) * oc;
  return `${form}-1x${40 % lanes === 0 && taken(40) < taken(32) ? 40 : 32}-broadcast`;
}

/** 128 to 64 channels of 32×64, 3×3: 64 ms by `polyphase`, 92 by `phases`; 256 to 128 of 16×32: 99 and 91 (SwiftShader, two cores). */
const FEW_CHANNELS = 128;

/** 5×5 loses more to the empty taps of its blocks than it gains. */
const isWorthNesting = (shape: ConvShape): boolean =>
  fitsNested(shape) && (areaOf(shape.kernel) === 16 || areaOf(shape.kernel) >= 49);

/**
 * Candidate that a device starts with; the tuner may know better. It looks at channels and, but for planes of a few tiles,
 * not at sizes, so that a net meets pictures of another size with the pipelines it has.
 */
export function convPrior(shape: ConvShape, adapter: Adapter, precise: boolean): string {
  const { kind, subgroupSize } = adapter;
  const { inputs, outputs } = shape;
  const broadcasts = subgroupSize !== null && 8 % subgroupSize === 0;
  if (kind === 'cpu' && broadcasts && outputs >= 8) {
    // On four lanes a load costs twice as many sums as on eight.
    const narrow = subgroupSize <= 4;
    const wide = Math.min(inputs, outputs) >= WINOGRAD_CHANNELS && !precise;
    const quartered = wide && fitsPolyphase(shape);
    // Of three taps a transposed one's phases have few: on SwiftShader still 0.7 of the time of `phases` where channels are few, too.
    const enough = areaOf(shape.kernel) === 16 || (narrow && Math.max(inputs, outputs) <= FEW_CHANNELS);
    if (quartered && enough && shape.stride[0] > 1) return phasedPrior('polyphase', shape, subgroupSize);
    if (fitsPhases(shape)) return 'phases-2x1x8-broadcast';
    if (wide && fitsWinograd(shape)) return winogradPrior(shape);
    if (wide && isWorthNesting(shape)) return phasedPrior('nested', shape, subgroupSize);
    if (quartered && narrow) return phasedPrior('polyphase', shape, subgroupSize);
    if (isWorthHalving(shape, halvedFrom(narrow))) return 'winograd2-1x32-broadcast';
    // Two blocks of 16 channels as one: 3×3 of stride 2, 64 to 128 channels of 64×128 pixels, 11.5 ms for 13.7 (lavapipe). Wider kernels are
    // no faster so, nor are precise sums, of which there are twice as many.
    const inPairs = !narrow && !precise && shape.kernel[1] <= 3 && Math.ceil(outputs / 16) % 2 === 0;
    return inPairs ? 'quads-1x2x32-broadcast' : 'quads-2x1x16-broadcast';
  }
  return tilePrior(adapter, outputs) ?? `direct-8x${Math.min(8, outputs)}`;
}
