import { type Arr, absolute, type Padding, type Pair, pairOf } from '../../twin/array.js';
import * as twin from '../../twin/pool.js';
import { dotBound, exact } from '../bounds.js';
import { gradientsFor, type Ops } from '../ops.js';
import { coarse, paddingOf, pairFrom, planeOf, poolSpec, type Random, shapeOf, values } from '../random.js';
import { type Case, type CaseMaker, floats, twinGradients } from './case.js';

/** An op that only moves values; its gradient adds up to `folds` of them. */
function move(op: string, spec: unknown, xs: Arr[], folds: number, call: Case['call']): Case {
  const c: Case = { op, spec, operands: xs.map((x) => floats(x)), call, bound: exact };
  c.gradientBounds = (dy, found) =>
    folds === 1 ? found.map(exact) : twinGradients(c, absolute(dy)).map((terms, k) => dotBound(folds, terms, found[k]));
  return c;
}

function padCase(op: 'reflectionPad2d' | 'zeroPad2d', r: Random): Case {
  const shape = [r.int(1, 2), r.int(1, 5), ...planeOf(r)];
  const most = op === 'zeroPad2d' ? 4 : Math.min(shape[2], shape[3], 5) - 1;
  const padding: Padding = paddingOf(r, most);
  const call = <T, R>(ops: Ops<T, R>, [x]: T[]) => ops[op](x, padding);
  return move(op, { x: shape, padding }, [values(r, shape)], op === 'zeroPad2d' ? 1 : 9, call);
}

function concatCase(r: Random): Case {
  const shape = shapeOf(r, 1);
  const along = r.int(0, shape.length - 1);
  const shapes = Array.from({ length: r.int(1, 4) }, () => shape.map((n, d) => (d === along ? r.int(1, 5) : n)));
  const axis = r.chance(0.2) ? along - shape.length : along;
  const xs = shapes.map((s) => values(r, s));
  return move('concat', { shapes, axis }, xs, 1, (ops, ts) => ops.concat(ts, axis));
}

function sliceCase(r: Random): Case {
  const shape = shapeOf(r, 1);
  const starts = shape.map((n) => r.int(0, n - 1));
  const sizes = shape.map((n, d) => r.int(1, n - starts[d]));
  return move('slice', { x: shape, starts, sizes }, [values(r, shape)], 1, (ops, [x]) => ops.slice(x, starts, sizes));
}

function reshapeCase(r: Random): Case {
  const shape = shapeOf(r);
  const merged = r.chance(0.5) ? [shape.reduce((a, b) => a * b, 1)] : [1, ...shape].reverse();
  return move('reshape', { x: shape, shape: merged }, [values(r, shape)], 1, (ops, [x]) => ops.reshape(x, merged));
}

function upsampleCase(r: Random): Case {
  const shape = [r.int(1, 2), r.int(1, 5), ...planeOf(r)];
  const factor: Pair = pairFrom(r, 1, 3);
  const [h, w] = pairOf(factor);
  const call = <T, R>(ops: Ops<T, R>, [x]: T[]) => ops.upsampleNearest2d(x, factor);
  return move('upsampleNearest2d', { x: shape, factor }, [values(r, shape)], h * w, call);
}

/** Cells that a window covers, and windows that cover a cell. */
function overlap({ kernel, stride }: twin.MaxPool2dOptions): number {
  const [kernelH, kernelW] = pairOf(kernel);
  const [strideH, strideW] = pairOf(stride ?? kernel);
  return Math.ceil(kernelH / strideH) * Math.ceil(kernelW / strideW);
}

function maxPoolCase(r: Random): Case {
  const { x: shape, options } = poolSpec(r);
  const { countIncludePad: _, ...rest } = options;
  const kinks = r.chance(0.5);
  const x = kinks ? coarse(r, shape) : values(r, shape);
  return {
    ...move('maxPool2d', { x: shape, options: rest }, [x], Math.max(2, overlap(rest)), (ops, [t]) =>
      ops.maxPool2d(t, rest),
    ),
    kinks,
  };
}

function avgPoolCase(r: Random): Case {
  const { x: shape, options } = poolSpec(r);
  const x = values(r, shape);
  const [kernelH, kernelW] = pairOf(options.kernel);
  return {
    op: 'avgPool2d',
    spec: { x: shape, options },
    operands: [floats(x)],
    call: (ops, [t]) => ops.avgPool2d(t, options),
    bound: (y) => dotBound(kernelH * kernelW, twin.avgPool2d(absolute(x), options), y),
    gradientBounds: (dy, [dx]) => {
      const [terms] = gradientsFor(absolute(dy)).avgPool2d(x, options);
      return [dotBound(overlap(options), terms!, dx)];
    },
  };
}

export const shapeCases: Record<string, CaseMaker> = {
  reflectionPad2d: (r) => padCase('reflectionPad2d', r),
  zeroPad2d: (r) => padCase('zeroPad2d', r),
  concat: concatCase,
  slice: sliceCase,
  reshape: reshapeCase,
  upsampleNearest2d: upsampleCase,
  maxPool2d: maxPoolCase,
  avgPool2d: avgPoolCase,
};
