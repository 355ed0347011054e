import type { Window } from '../../kernels/pool.js';
import { operand, refuse, type Tensor } from '../tensor.js';
import { type Padding, type Pair, pair, type Sides, sides } from './options.js';

// The windows of pools: their options, and where they lie.

export interface MaxPoolOptions {
  kernel: Pair;
  /** The kernel's size unless given. */
  stride?: Pair;
  /** At most half the kernel on every side. */
  padding?: Padding;
  /** Let a last window reach over the edge where the stride leaves cells over. */
  ceilMode?: boolean;
}

export interface AvgPoolOptions extends MaxPoolOptions {
  /** Count the cells of the padding in the divisor (torch's default). */
  countIncludePad?: boolean;
}

export const OPTIONS = ['kernel', 'stride', 'padding', 'ceilMode'];

export function flag(op: string, name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(op, name, value, 'true or false');
  return value;
}

/** Windows along an axis. With ceilMode a last one that would begin in the padding behind the image is dropped. */
function windows(size: number, kernel: number, stride: number, before: number, after: number, ceil: boolean): number {
  const steps = (size + before + after - kernel) / stride;
  const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return ceil && (count - 1) * stride >= size + before ? count - 1 : count;
}

function paddingOf(op: string, padding: unknown, kernel: readonly [number, number]): Sides {
  const checked = sides(op, 'padding', padding);
  // As in torch; wider padding would make windows without a single cell.
  const most = (i: number) => Math.floor(kernel[i % 2]! / 2);
  const isWide = (side: number, i: number) => side > most(i);
  if (checked.some(isWide))
    refuse(op, 'padding', checked.find(isWide), `at most ${most(checked.findIndex(isWide))}, half the kernel`);
  return checked;
}

/** Checks x and the options that all pools share. */
export function windowOf(op: string, x: Tensor, options: MaxPoolOptions): Window & { bottom: number; right: number } {
  const [, , height, width] = operand(op, 'x', x, { rank: 4 }).shape as [number, number, number, number];
  const kernel = pair(op, 'kernel', options.kernel, 1);
  const [kernelH, kernelW] = kernel;
  const [strideH, strideW] = pair(op, 'stride', options.stride ?? kernel, 1);
  const [top, left, bottom, right] = paddingOf(op, options.padding ?? 0, kernel);
  const ceil = flag(op, 'ceilMode', options.ceilMode ?? false);
  const outHeight = windows(height, kernelH, strideH, top, bottom, ceil);
  const outWidth = windows(width, kernelW, strideW, left, right, ceil);
  if (outHeight < 1 || outWidth < 1) refuse(op, 'kernel', kernel, `at most the padded ${height}×${width} plane of x`);
  return { height, width, outHeight, outWidth, kernelH, kernelW, strideH, strideW, top, left, bottom, right };
}
