import { type Arr, absolute, arr, at, indices, sizeOf } from '../../twin/array.js';
import { regionMean, softmaxAt } from '../../twin/ids.js';
import { broadcast, logistic } from '../../twin/pointwise.js';
import { mean } from '../../twin/reduce.js';
import { dotBound, EPS, exact, plus, sigmoidError, softplusError, TINY, ulps } from '../bounds.js';
import { gradientsFor } from '../ops.js';
import { coarse, ids, type Random, shapeOf, values } from '../random.js';
import { type Case, type CaseMaker, floats, whole } from './case.js';

const average = (x: Arr): Arr => mean(x);

/** A mean of `terms`, each off by `error`. */
const meanBound = (terms: Arr, error: Arr, y: Arr): Arr =>
  plus(dotBound(sizeOf(terms.shape), average(absolute(terms)), y), average(error));

function pairLoss(op: 'l1Loss' | 'mseLoss', r: Random): Case {
  const shape = shapeOf(r);
  const kinks = op === 'l1Loss' && r.chance(0.5);
  const draw = () => (kinks ? coarse(r, shape) : values(r, shape));
  const [a, b] = [draw(), draw()];
  return {
    op,
    spec: { shape },
    operands: [floats(a), floats(b)],
    call: (ops, [p, q]) => ops[op](p, q),
    bound: (y) => {
      const terms = broadcast((p, q) => (op === 'l1Loss' ? p - q : (p - q) ** 2), a, b);
      return meanBound(terms, ulps(terms, 2), y);
    },
    gradientBounds: (_dy, found) => found.map((g) => ulps(g, 6)),
    kinks,
  };
}

function bceCase(r: Random): Case {
  const shape = shapeOf(r);
  const x = values(r, shape, -6, 6);
  const target = r.chance(0.5) ? r.int(0, 1) : floats(values(r, shape, 0, 1));
  const t = typeof target === 'number' ? target : target.value;
  const share = 1 / sizeOf(shape);
  return {
    op: 'bceWithLogits',
    spec: { shape, target: typeof target === 'number' ? target : 'tensor' },
    operands: typeof target === 'number' ? [floats(x)] : [floats(x), target],
    call: (ops, [p, q]) => ops.bceWithLogits(p, q ?? (target as number)),
    // max(x, 0) − x·t + log(1 + exp(−|x|)), the usual form: |x| and |x·t| may cancel
    bound: (y) => {
      const terms = broadcast((v, u) => Math.abs(v) + Math.abs(v * u) + 1, x, t);
      return meanBound(terms, broadcast(softplusError, x), y);
    },
    gradientBounds: (dy, found) => {
      const size = Math.abs(dy.data[0]) * share;
      const data = broadcast((v, u) => size * (sigmoidError(v) + 4 * EPS * (logistic(v) + Math.abs(u))) + TINY, x, t);
      return found.map((g, k) => (k === 0 ? data : ulps(g, 6)));
    },
  };
}

function hingeCase(r: Random): Case {
  const shape = shapeOf(r);
  const sign = r.pick([1, -1]);
  const kinks = r.chance(0.5);
  const x = kinks ? coarse(r, shape) : values(r, shape, -3, 3);
  return {
    op: 'hingeLoss',
    spec: { shape, sign },
    operands: [floats(x)],
    call: (ops, [t]) => ops.hingeLoss(t, sign),
    bound: (y) =>
      meanBound(
        broadcast((v) => 1 + Math.abs(v), x),
        arr(shape),
        y,
      ),
    gradientBounds: (_dy, [dx]) => [ulps(dx, 4)],
    kinks,
  };
}

/** A softmax of C terms: exp within 3 + 2·6 units of each, the sum, the quotient. */
const softmaxError = (p: number, classes: number): number => p * EPS * (2 * 15 + 4 * Math.sqrt(classes) + 3) + TINY;

function crossEntropyCase(r: Random): Case {
  const [N, C, H, W] = [r.int(1, 2), r.pick([2, 3, 7, 35]), r.int(1, 9), r.int(1, 9)];
  const logits = values(r, [N, C, H, W], -3, 3);
  const classes = ids(r, [N, 1, H, W], C);
  return {
    op: 'softmaxCrossEntropy',
    spec: { logits: logits.shape },
    operands: [floats(logits), whole(classes)],
    call: (ops, [l, i]) => ops.softmaxCrossEntropy(l, i),
    // max, log of the sum (within 2^-21 or its argument's error) and the logit of the class, each up to 3
    bound: (y) => {
      const terms = arr([N, H, W], new Float64Array(N * H * W).fill(6 + Math.log(C)));
      const error = arr([N, H, W], new Float64Array(N * H * W).fill(2 ** -21 + softmaxError(1, C)));
      return meanBound(terms, error, y);
    },
    gradientBounds: (dy, [dx]) => {
      const bound = arr(dx.shape);
      const size = Math.abs(dy.data[0]) / (N * H * W);
      let k = 0;
      for (const [n, c, i, j] of indices(dx.shape)) {
        const wanted = at(classes, [n, 0, i, j]) === c ? 1 : 0;
        const p = softmaxAt(logits, n, i, j)[c];
        bound.data[k++] = size * (softmaxError(p, C) + 4 * EPS * (p + wanted)) + TINY;
      }
      return [bound];
    },
  };
}

function regionMeanCase(r: Random): Case {
  const [N, C, H, W] = [r.int(1, 2), r.int(1, 5), r.int(1, 17), r.int(1, 33)];
  const count = r.int(1, 6);
  const x = values(r, [N, C, H, W]);
  const regions = ids(r, [N, 1, H, W], count);
  return {
    op: 'regionMean',
    spec: { x: x.shape, count },
    operands: [floats(x), whole(regions)],
    call: (ops, [t, i]) => ops.regionMean(t, i, count),
    bound: (y) => dotBound(H * W, regionMean(absolute(x), regions, count), y),
    gradientBounds: (dy, [dx]) => {
      const [terms] = gradientsFor(absolute(dy)).regionMean(x, regions, count);
      return [dotBound(H * W, terms!, dx)];
    },
  };
}

function oneHotCase(r: Random, width: number): Case {
  const classes = r.pick([1, 2, 7, 35]);
  const map = ids(r, [r.int(1, 2), 1, r.int(1, 9), width], classes);
  return {
    op: 'oneHot',
    spec: { ids: map.shape, classes },
    operands: [whole(map)],
    call: (ops, [i]) => ops.oneHot(i, classes),
    bound: exact,
  };
}

export const lossCases: Record<string, CaseMaker> = {
  l1Loss: (r) => pairLoss('l1Loss', r),
  mseLoss: (r) => pairLoss('mseLoss', r),
  bceWithLogits: bceCase,
  hingeLoss: hingeCase,
  softmaxCrossEntropy: crossEntropyCase,
  regionMean: regionMeanCase,
  oneHot: (r) => oneHotCase(r, r.int(1, 17)),
  'oneHot of whole vec4': (r) => oneHotCase(r, 4 * r.int(1, 5)),
  instanceEdges: (r) => {
    const map = ids(r, [r.int(1, 2), 1, r.int(1, 17), r.int(1, 33)], 2);
    return {
      op: 'instanceEdges',
      spec: { ids: map.shape },
      operands: [whole(map)],
      call: (ops, [i]) => ops.instanceEdges(i),
      bound: exact,
    };
  },
};
