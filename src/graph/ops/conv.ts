import type { ConvShape, Size } from '../../kernels/conv.js';
import { lowerBy } from '../lower/candidates.js';
import { CONVOLUTIONS, WEIGHT_GRADIENTS } from '../lower/families.js';
import { tunableOf } from '../lower/tunable.js';
import { apply, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';

import { knownOptions, type Padding, type Pair, pair, type Sides, sides, wholeNumber } from './options.js';

export interface Conv2dOptions {
  stride?: Pair;
  /** Must leave the kernel room; below the input's size under `reflect`. */
  padding?: Padding;
  dilation?: Pair;
  groups?: number;
  /** `reflect` mirrors without repeating the edge, as torch.nn.ReflectionPad2d. */
  paddingMode?: 'zeros' | 'reflect';
}

export interface ConvTranspose2dOptions {
  stride?: Pair;
  padding?: Padding;
  /** Rows and columns added at the bottom and right; below stride or dilation. */
  outputPadding?: Pair;
  dilation?: Pair;
  groups?: number;
}

/** What all roles of a convolution share; sizes are those of the operands. */
export interface ConvAttrs {
  stride: Size;
  dilation: Size;
  padding: Sides;
  groups: number;
  reflect: boolean;
}

// ---- internal ops: output sizes are explicit, so that each role's gradients are the other roles

export const conv2dOp: Op<ConvAttrs> = {
  name: 'conv2d',
  emit: 0,
  lower: (node, plan) => lowerBy(CONVOLUTIONS, plan, node, shapeOf(node, false)),
  tunable: (node, ...setting) => tunableOf(CONVOLUTIONS, node, shapeOf(node, false), ...setting),
};
export const convTranspose2dOp: Op<ConvAttrs> = {
  name: 'convTranspose2d',
  emit: 0,
  lower: (node, plan) => lowerBy(CONVOLUTIONS, plan, node, shapeOf(node, true)),
  tunable: (node, ...setting) => tunableOf(CONVOLUTIONS, node, shapeOf(node, true), ...setting),
};
const lowerWeight = (node: Node<ConvAttrs>, plan: Lowering) =>
  lowerBy(WEIGHT_GRADIENTS, plan, node, weightShapeOf(node));
const tunableWeight: Op<ConvAttrs>['tunable'] = (node, ...setting) =>
  tunableOf(WEIGHT_GRADIENTS, node, weightShapeOf(node), ...setting);
export const convWeightOp: Op<ConvAttrs> = { name: 'convWeight', lower: lowerWeight, tunable: tunableWeight };
/** The same for a reader that halves would not do for. Written out, or builds that only paint would keep it. */
const exactWeightOp: Op<ConvAttrs> = { name: 'convWeight', exact: true, lower: lowerWeight, tunable: tunableWeight };

const sizeOf = ({ shape }: Tensor): Size => [shape[2]!, shape[3]!];

function shapeOf({ inputs: [x, w], outputs: [out], attrs }: Node<ConvAttrs>, transposed: boolean): ConvShape {
  const { groups, padding, stride, dilation, reflect } = attrs;
  return {
    images: x!.shape[0]!,
    groups,
    inputs: x!.shape[1]! / groups,
    outputs: out!.shape[1]! / groups,
    input: sizeOf(x!),
    output: sizeOf(out!),
    kernel: sizeOf(w!),
    stride,
    dilation,
    padding: [padding[0], padding[1]],
    reflect,
    transposed,
  };
}

function weightShapeOf({ inputs: [x, dy], outputs: [dw], attrs }: Node<ConvAttrs>): ConvShape {
  const { groups, padding, stride, dilation, reflect } = attrs;
  return {
    images: x!.shape[0]!,
    groups,
    inputs: x!.shape[1]! / groups,
    outputs: dy!.shape[1]! / groups,
    input: sizeOf(x!),
    output: sizeOf(dy!),
    kernel: sizeOf(dw!),
    stride,
    dilation,
    padding: [padding[0], padding[1]],
    reflect,
    transposed: false,
  };
}

const operands = (x: Tensor, w: Tensor, b: Tensor | null): Tensor[] => (b ? [x, w, b] : [x, w]);

/** x [N, G·I, H, W], w [G·O, I, kh, kw] → [N, G·O, ...size]. */
export const convolve = (x: Tensor, w: Tensor, b: Tensor | null, attrs: ConvAttrs, size: Size): Tensor =>
  apply(conv2dOp, operands(x, w, b), attrs, { shape: [x.shape[0]!, w.shape[0]!, ...size] })[0]!;

/** x [N, G·I, H, W], w [G·I, O, kh, kw] → [N, G·O, ...size]; tap k of pixel i falls on i·stride − padding + k·dilation. */
export const convolveTransposed = (x: Tensor, w: Tensor, b: Tensor | null, attrs: ConvAttrs, size: Size): Tensor =>
  apply(convTranspose2dOp, operands(x, w, b), attrs, { shape: [x.shape[0]!, w.shape[1]! * attrs.groups, ...size] })[0]!;

/** x [N, G·I, H, W], dy [N, G·O, OH, OW] → gradient [G·O, I, ...kernel] of the weights of conv2d. */
export const convWeight = (x: Tensor, dy: Tensor, attrs: ConvAttrs, kernel: Size): Tensor =>
  apply(convWeightOp, [x, dy], attrs, { shape: [dy.shape[1]!, x.shape[1]! / attrs.groups, ...kernel] })[0]!;

/** Whether a tensor is such a gradient and larger than the operands that it is made of. */
export function isCheapLater({ node, shape }: Tensor): boolean {
  const sizes = [...node.inputs.map((operand) => operand.shape), shape].map((each) => each.reduce((a, b) => a * b, 1));
  return node.op === convWeightOp && sizes[0]! + sizes[1]! < sizes[2]!;
}

/** Such a gradient made anew: after all that is in the graph by now, and stored as f32. */
export const madeLater = ({ node, shape }: Tensor): Tensor =>
  apply(exactWeightOp, node.inputs, node.attrs as ConvAttrs, { shape })[0]!;

// ---- public ops

function biasOf(op: string, b: unknown, channels: number): Tensor | null {
  if (b === null || b === undefined) return null;
  const bias = operand(op, 'b', b, { rank: 1 });
  if (bias.shape[0] !== channels) refuse(op, 'b', bias.shape, `[${channels}], one value an output channel, or null`);
  return bias;
}

function groupsOf(op: string, value: unknown, channels: number): number {
  const groups = wholeNumber(op, 'groups', value, 1);
  if (channels % groups !== 0) refuse(op, 'groups', groups, `a divisor of x's ${channels} channels`);
  return groups;
}

/** The attributes of a convolution with `options`, of which it knows those of the names `known`. */
export function attrsOf(
  op: string,
  options: Conv2dOptions,
  known: (keyof Conv2dOptions)[],
  channels: number,
): ConvAttrs {
  knownOptions(op, options, known);
  const { paddingMode = 'zeros' } = options;
  if (paddingMode !== 'zeros' && paddingMode !== 'reflect')
    refuse(op, 'paddingMode', paddingMode, `'zeros' or 'reflect'`);
  return {
    stride: pair(op, 'stride', options.stride ?? 1, 1),
    dilation: pair(op, 'dilation', options.dilation ?? 1, 1),
    padding: sides(op, 'padding', options.padding ?? 0),
    groups: groupsOf(op, options.groups ?? 1, channels),
    reflect: paddingMode === 'reflect',
  };
}

const AXES = ['height', 'width'] as const;

/**
 * 2-D cross-correlation, torch.nn.functional.conv2d.
 * @param x f32 [N, C, H, W]
 * @param w f32 [O, C/groups, kh, kw]
 * @param b f32 [O] or null
 * @returns f32 [N, O, ⌊(H + top + bottom − dilation·(kh − 1) − 1)/stride⌋ + 1, likewise for the width]
 * @throws GraphError where a shape or an option does not fit
 */
export function conv2d(x: Tensor, w: Tensor, b: Tensor | null = null, options: Conv2dOptions = {}): Tensor {
  const op = 'conv2d';
  operand(op, 'x', x, { rank: 4 });
  operand(op, 'w', w, { rank: 4 });
  const attrs = attrsOf(op, options, ['stride', 'padding', 'dilation', 'groups', 'paddingMode'], x.shape[1]!);
  const [channels, outputs] = [x.shape[1]! / attrs.groups, w.shape[0]!];
  if (w.shape[1] !== channels) {
    refuse(op, 'w', w.shape, `[O, ${channels}, kh, kw] for ${x.shape[1]} channels in ${attrs.groups} group(s)`);
  }
  if (outputs % attrs.groups !== 0) refuse(op, 'groups', attrs.groups, `a divisor of w's ${outputs} output channels`);
  const bias = biasOf(op, b, outputs);
  return convolve(x, w, bias, attrs, [extentOf(op, x, w, attrs, 0), extentOf(op, x, w, attrs, 1)]);
}

/** Rows or columns of the result. */
export function extentOf(
  op: string,
  x: Tensor,
  w: Tensor,
  { stride, dilation, padding, reflect }: ConvAttrs,
  axis: 0 | 1,
): number {
  const size = x.shape[2 + axis]!;
  const [before, after] = [padding[axis], padding[2 + axis]!];
  if (reflect && Math.max(before, after) >= size) {
    refuse(op, 'padding', padding, `less than x's ${AXES[axis]} ${size} where paddingMode is 'reflect'`);
  }
  const reach = dilation[axis] * (w.shape[2 + axis]! - 1) + 1;
  const padded = size + before + after;
  if (reach > padded) {
    refuse(op, 'w', w.shape, `a kernel (${reach} with dilation) within the padded ${AXES[axis]} of ${padded}`);
  }
  return Math.floor((padded - reach) / stride[axis]) + 1;
}

/**
 * Transposed convolution, torch.nn.functional.conv_transpose2d: the adjoint of conv2d.
 * @param x f32 [N, C, H, W]
 * @param w f32 [C, O/groups, kh, kw]
 * @param b f32 [O] or null
 * @returns f32 [N, O, (H − 1)·stride − top − bottom + dilation·(kh − 1) + outputPadding + 1, likewise for the width]
 * @throws GraphError where a shape or an option does not fit
 */
export function convTranspose2d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null = null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const op = 'convTranspose2d';
  operand(op, 'x', x, { rank: 4 });
  operand(op, 'w', w, { rank: 4 });
  knownOptions(op, options, ['stride', 'padding', 'outputPadding', 'dilation', 'groups']);
  const attrs: ConvAttrs = {
    stride: pair(op, 'stride', options.stride ?? 1, 1),
    dilation: pair(op, 'dilation', options.dilation ?? 1, 1),
    padding: sides(op, 'padding', options.padding ?? 0),
    groups: groupsOf(op, options.groups ?? 1, x.shape[1]!),
    reflect: false,
  };
  const extra = pair(op, 'outputPadding', options.outputPadding ?? 0, 0);
  if (w.shape[0] !== x.shape[1])
    refuse(op, 'w', w.shape, `[${x.shape[1]}, O/groups, kh, kw] for x's ${x.shape[1]} channels`);
  const bias = biasOf(op, b, w.shape[1]! * attrs.groups);
  return convolveTransposed(x, w, bias, attrs, [
    convTranspose2dExtent(x, w, attrs, extra, 0),
    convTranspose2dExtent(x, w, attrs, extra, 1),
  ]);
}

function convTranspose2dExtent(
  x: Tensor,
  w: Tensor,
  { stride, dilation, padding }: ConvAttrs,
  extra: Size,
  axis: 0 | 1,
): number {
  const limit = Math.max(stride[axis], dilation[axis]);
  if (extra[axis] >= limit) {
    refuse(
      'convTranspose2d',
      'outputPadding',
      extra,
      `less than ${limit} (the larger of stride and dilation) along the ${AXES[axis]}`,
    );
  }
  const whole = (x.shape[2 + axis]! - 1) * stride[axis] + dilation[axis] * (w.shape[2 + axis]! - 1) + 1 + extra[axis];
  const size = whole - padding[axis] - padding[2 + axis]!;
  if (size < 1) refuse('convTranspose2d', 'padding', padding, `at most ${whole - 1} in all along the ${AXES[axis]}`);
  return size;
}
