import type { Tensor } from '../tensor.js';
import type * as full from './conv.js';
import { type ConvAttrs, convolve, convolveTransposed } from './convolve.js';

// What layers of nets ask for: numbers that hold for both axes and all sides, one group, no dilation.

type Numbers = Record<'stride' | 'padding' | 'outputPadding', number>;

const numbersOf = (options: object): Numbers => ({ stride: 1, padding: 0, outputPadding: 0, ...options });

const attrsOf = ({ stride, padding }: Numbers, reflect: boolean): ConvAttrs => ({
  stride: [stride, stride],
  dilation: [1, 1],
  padding: [padding, padding, padding, padding],
  groups: 1,
  reflect,
});

/** Height and width. */
const sizes = (x: Tensor, w: Tensor, of: (size: number, taps: number) => number) =>
  [of(x.shape[2]!, w.shape[2]!), of(x.shape[3]!, w.shape[3]!)] as const;

export const conv2d: typeof full.conv2d = (x, w, b = null, options = {}) => {
  const numbers = numbersOf(options);
  const { stride, padding } = numbers;
  const extent = (size: number, taps: number) => Math.floor((size + 2 * padding - taps) / stride) + 1;
  return convolve(x, w, b, attrsOf(numbers, options.paddingMode === 'reflect'), sizes(x, w, extent));
};

export const convTranspose2d: typeof full.convTranspose2d = (x, w, b = null, options = {}) => {
  const numbers = numbersOf(options);
  const { stride, padding, outputPadding } = numbers;
  const extent = (size: number, taps: number) => (size - 1) * stride - 2 * padding + taps + outputPadding;
  return convolveTransposed(x, w, b, attrsOf(numbers, false), sizes(x, w, extent));
};
