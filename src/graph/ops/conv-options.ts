import { refuse, type Tensor } from '../tensor.js';
import type { ConvAttrs } from './convolve.js';
import { knownOptions, type Padding, type Pair, pair, sides, wholeNumber } from './options.js';

// What a convolution can be asked for, and what that makes of its operands.

export interface Conv2dOptions {
  stride?: Pair;
  /** Must leave the kernel room; below the input's size under `reflect`. */
  padding?: Padding;
  dilation?: Pair;
  groups?: number;
  /** `reflect` mirrors without repeating the edge, as torch.nn.ReflectionPad2d. */
  paddingMode?: 'zeros' | 'reflect';
}

export function groupsOf(op: string, value: unknown, channels: number): number {
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

export const AXES = ['height', 'width'] as const;

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
