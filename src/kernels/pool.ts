import average from '../../shaders/pool-average.wgsl';
import averageGrad from '../../shaders/pool-average-grad.wgsl';
import max from '../../shaders/pool-max.wgsl';
import maxGrad from '../../shaders/pool-max-grad.wgsl';
import upsample from '../../shaders/upsample.wgsl';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** A pooling window over planes of [height, width]. */
export type Window = Record<
  'height' | 'width' | 'outHeight' | 'outWidth' | 'kernelH' | 'kernelW' | 'strideH' | 'strideW' | 'top' | 'left',
  number
>;

/** What an average divides by: the window's cells inside the image, inside the padded image, or nothing. */
const DIVISORS = { cells: 0, padded: 1, none: 2 };

export type AverageWindow = Window & { bottom: number; right: number; divisor: keyof typeof DIVISORS };

const area = ({ height, width }: Window): number => height * width;
const outArea = ({ outHeight, outWidth }: Window): number => outHeight * outWidth;
const cells = ({ kernelH, kernelW }: Window): number => kernelH * kernelW;
/** Windows over a cell, on average. */
const overlap = (window: Window): number => cells(window) / (window.strideH * window.strideW);

/** x, y. */
export const avgPool = (range: PlaneRange, { divisor, ...window }: AverageWindow): Kernel =>
  planewise(range, {
    name: 'avgPool2d.gather',
    source: average,
    constants: { DIVISOR: DIVISORS[divisor] },
    itemsPerPlane: outArea(window),
    flopsPerItem: cells(window) + 1,
    params: window,
  });

/** dy, dx. */
export const avgPoolGrad = (range: PlaneRange, { divisor, ...window }: AverageWindow): Kernel =>
  planewise(range, {
    name: 'avgPool2dGrad.gather',
    source: averageGrad,
    constants: { DIVISOR: DIVISORS[divisor] },
    itemsPerPlane: area(window),
    flopsPerItem: 2 * overlap(window),
    params: window,
  });

/** x, y. */
export const maxPool = (range: PlaneRange, window: Window): Kernel =>
  planewise(range, {
    name: 'maxPool2d.gather',
    source: max,
    itemsPerPlane: outArea(window),
    flopsPerItem: cells(window),
    params: window,
  });

/** dy, x, dx. */
export const maxPoolGrad = (range: PlaneRange, window: Window): Kernel =>
  planewise(range, {
    name: 'maxPool2dGrad.gather',
    source: maxGrad,
    itemsPerPlane: area(window),
    flopsPerItem: (cells(window) + 1) * overlap(window),
    params: window,
  });

/** x, y. */
export const upsampleNearest = (
  range: PlaneRange,
  params: Record<'height' | 'width' | 'factorH' | 'factorW', number>,
): Kernel => {
  const pixels = params.height * params.width;
  const enlarged = pixels * params.factorH * params.factorW;
  return planewise(range, {
    name: 'upsampleNearest2d.gather',
    source: upsample,
    itemsPerPlane: enlarged,
    flopsPerItem: 0,
    params,
  });
};
