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

/** Elements of a row that a thread copies. */
const TILE = 8;

type Axis = [size: number, xStride: number, outStride: number];

/** Axes, innermost first, with those made one that are contiguous in both tensors. */
function collapsed(axes: readonly Axis[]): Axis[] {
  const out: Axis[] = [];
  for (const [size, xStride, outStride] of axes) {
    const inner = out.at(-1);
    if (size === 1) continue;
    if (inner && xStride === inner[0] * inner[1] && outStride === inner[0] * inner[2]) inner[0] *= size;
    else out.push([size, xStride, outStride]);
  }
  return out.length > 0 ? out : [[1, 1, 1]];
}

/** Copies a box of `sizes` from `x` to `out`; axes in row-major order, at most 8. */
export function boxKernel(op: string, sizes: readonly number[], x: BoxSide, out: BoxSide): Kernel {
  const count = sizes.reduce((a, b) => a * b, 1);
  const axes = collapsed(sizes.map((size, d): Axis => [size, x.strides[d]!, out.strides[d]!]).reverse());
  const [row] = axes[0]!;
  const step = Math.ceil(row / TILE);
  return {
    name: `${op}.box`,
    source,
    constants: { TILE },
    params: {
      rows: count / row,
      step,
      rank: axes.length,
      x0: x.first,
      xBase: x.base,
      xStart: x.start,
      xEnd: x.end,
      out0: out.first,
      outBase: out.base,
      outStart: out.start,
      outEnd: out.end,
      axes: axes.flatMap((axis) => [...axis, 0]),
    },
    workgroups: groupsFor((count / row) * step),
    flops: 0,
  };
}
