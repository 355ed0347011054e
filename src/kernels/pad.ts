import reflect from '../../shaders/pad-reflect.wgsl';
import reflectGrad from '../../shaders/pad-reflect-grad.wgsl';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** Planes of [height, width] inside planes of [outHeight, outWidth], `top` rows and `left` columns from the corner. */
export type Frame = Record<'height' | 'width' | 'outHeight' | 'outWidth' | 'top' | 'left', number>;

/** x, y. */
export const reflectPlanes = (range: PlaneRange, frame: Frame): Kernel =>
  planewise(range, {
    name: 'reflectionPad2d.gather',
    source: reflect,
    itemsPerPlane: frame.outHeight * frame.outWidth,
    flopsPerItem: 0,
    params: frame,
  });

/** dy, dx. */
export const foldReflection = (range: PlaneRange, frame: Frame): Kernel =>
  planewise(range, {
    name: 'reflectionPad2dGrad.gather',
    source: reflectGrad,
    itemsPerPlane: frame.height * frame.width,
    flopsPerItem: 1,
    params: frame,
  });
