import type { AverageWindow } from '../../kernels/pool.js';
import { averageOver, avgPoolBack, maxPoolBack } from '../ops/pool.js';
import type { Tensor } from '../tensor.js';
import type { GradientRule } from './rule.js';

/** The block that a pixel was enlarged to, as a pool that adds up. */
function blocks(y: Tensor, x: Tensor, [factorH, factorW]: readonly [number, number]): AverageWindow {
  const [, , height, width] = y.shape as [number, number, number, number];
  const [, , outHeight, outWidth] = x.shape as [number, number, number, number];
  const sizes = { kernelH: factorH, kernelW: factorW, strideH: factorH, strideW: factorW };
  const none = { top: 0, left: 0, bottom: 0, right: 0, divisor: 'none' } as const;
  return { height, width, outHeight, outWidth, ...sizes, ...none };
}

export const poolGradients: Record<string, GradientRule> = {
  avgPool2d: ([dy], { inputs, attrs }) => [avgPoolBack(dy!, inputs[0]!, attrs)],
  avgPool2dGrad: ([dy], { attrs }) => [averageOver(dy!, attrs)],
  maxPool2d: ([dy], { inputs, attrs }) => [maxPoolBack(dy!, inputs[0]!, attrs)],
  upsampleNearest2d: ([dy], { inputs, outputs, attrs }) => [
    averageOver(dy!, blocks(outputs[0]!, inputs[0]!, attrs.factor)),
  ],
};
