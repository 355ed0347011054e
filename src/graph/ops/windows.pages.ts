import type * as full from './windows.js';

// Nets pool by windows of one number for both axes, none of them over the edge.

export const OPTIONS = [];

export const flag: typeof full.flag = (_, __, value) => value as boolean;

export const windowOf: typeof full.windowOf = (_, { shape }, options) => {
  const { kernel, stride = kernel, padding = 0 } = options as Record<'kernel' | 'stride' | 'padding', number>;
  const [, , height, width] = shape as [number, number, number, number];
  const windows = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    height,
    width,
    outHeight: windows(height),
    outWidth: windows(width),
    ...{ kernelH: kernel, kernelW: kernel, strideH: stride, strideW: stride },
    ...{ top: padding, left: padding, bottom: padding, right: padding },
  };
};
