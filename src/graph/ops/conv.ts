import type { Size } from '../../kernels/conv.js';
import { operand, refuse, type Tensor } from '../tensor.js';
import { AXES, attrsOf, type Conv2dOptions, extentOf, groupsOf } from './conv-options.js';
import { type ConvAttrs, convolve, convolveTransposed } from './convolve.js';
import { knownOptions, type Padding, type Pair, pair, sides } from './options.js';

export interface ConvTranspose2dOptions {
  stride?: Pair;
  padding?: Padding;
  /** Rows and columns added at the bottom and right; below stride or dilation. */
  outputPadding?: Pair;
  dilation?: Pair;
  groups?: number;
}

function biasOf(op: string, b: unknown, channels: number): Tensor | null {
  if (b === null || b === undefined) return null;
  const bias = operand(op, 'b', b, { rank: 1 });
  if (bias.shape[0] !== channels) refuse(op, 'b', bias.shape, `[${channels}], one value an output channel, or null`);
  return bias;
}

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
