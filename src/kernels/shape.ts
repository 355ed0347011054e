import source from '../../shaders/copy-box.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

export interface BoxSide {
  /** Flat element that the box begins with. */
  first: number;
  strides: readonly number[];
  base: number;
  start: number;
  end: number;
}

/** Copies a box of `sizes` from `x` to `out`; axes in row-major order, at most 8. */
export function boxKernel(op: string, sizes: readonly number[], x: BoxSide, out: BoxSide): Kernel {
  const count = sizes.reduce((a, b) => a * b, 1);
  const axes = sizes.map((size, d) => [size, x.strides[d]!, out.strides[d]!, 0]).reverse();
  return {
    name: `${op}.box`,
    source,
    constants: {},
    params: {
      count,
      rank: sizes.length,
      x0: x.first,
      xBase: x.base,
      xStart: x.start,
      xEnd: x.end,
      out0: out.first,
      outBase: out.base,
      outStart: out.start,
      outEnd: out.end,
      axes: axes.flat(),
    },
    workgroups: groupsFor(count),
    flops: 0,
    bytes: 8 * count,
  };
}
