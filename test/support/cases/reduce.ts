import { type Arr, absolute, positiveAxis } from '../../twin/array.js';
import { mean, reducedCount, sum } from '../../twin/reduce.js';
import { dotBound, exact, ulps } from '../bounds.js';
import type { Ops } from '../ops.js';
import { axesOf, coarse, type Random, shapeOf, values } from '../random.js';
import { type Case, type CaseMaker, floats } from './case.js';

/** Now and then long enough for more than one workgroup, with a mean far from zero. */
const reducedShape = (r: Random): number[] => (r.chance(0.15) ? [r.int(1, 2), r.int(500, 3000)] : shapeOf(r));

const TWIN = { sum, mean };

function reduction(op: 'sum' | 'mean', r: Random): Case {
  const shape = reducedShape(r);
  const axes = axesOf(r, shape.length);
  const keepDims = r.chance(0.5);
  const x = values(r, shape, r.chance(0.5) ? -1 : 3, 4);
  return {
    op,
    spec: { x: shape, axes, keepDims },
    operands: [floats(x)],
    call: <T, R>(ops: Ops<T, R>, [t]: T[]) => ops[op](t, axes, keepDims),
    bound: (y) => dotBound(reducedCount(shape, axes), TWIN[op](absolute(x), axes, keepDims), y),
    gradientBounds: (_dy, [dx]) => [ulps(dx, 3)],
  };
}

export const reduceCases: Record<string, CaseMaker> = {
  sum: (r) => reduction('sum', r),
  mean: (r) => reduction('mean', r),
  argmax: (r) => {
    const shape = shapeOf(r, 1);
    const axis = r.int(0, shape.length - 1) - (r.chance(0.3) ? shape.length : 0);
    const x: Arr = r.chance(0.5) ? coarse(r, shape) : values(r, shape);
    return {
      op: 'argmax',
      spec: { x: shape, axis: positiveAxis(axis, shape.length) },
      operands: [floats(x, false)],
      call: (ops, [t]) => ops.argmax(t, axis),
      bound: exact,
    };
  },
};
