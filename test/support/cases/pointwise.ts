import { type Arr, type Operand as ArrOrNumber, arr, sizeOf } from '../../twin/array.js';
import { broadcast, logistic } from '../../twin/pointwise.js';
import { dotBound, EPS, expError, logError, plus, sigmoidError, softplusError, TINY, tanhError } from '../bounds.js';
import { gradientsFor, type Ops } from '../ops.js';
import { broadcastShapes, coarse, type Random, shapeOf, values } from '../random.js';
import { type Case, type CaseMaker, floats, type Operand, sumTo } from './case.js';

type Scalar = (...values: number[]) => number;
type PointwiseOp = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater' | 'where' | UnaryOp;
type UnaryOp =
  | ('neg' | 'abs' | 'sqrt' | 'square' | 'exp' | 'log' | 'detach' | 'scale' | 'clamp')
  | ('relu' | 'leakyRelu' | 'tanh' | 'sigmoid' | 'softplus');

/**
 * Absolute errors for exact operands: of the value, and of dy's factor for each operand beyond the five roundings that
 * `dotBound(1, …)` already holds.
 */
type Errors = { value: Scalar; slopes: Scalar[] };

const none: Scalar = () => 0;
/** Correctly rounded on every device: half a unit, taken as one. */
const rounded =
  (f: Scalar, units = 1): Scalar =>
  (...x) =>
    units * EPS * Math.abs(f(...x)) + TINY;

/** Operands are tensors or plain numbers; only tensors have gradients. */
function pointwise(op: PointwiseOp, args: (Operand | number)[], errors: Errors, kinks = false): Case {
  const operands = args.filter((a) => typeof a !== 'number');
  const numbers = args.map((a): ArrOrNumber => (typeof a === 'number' ? a : a.value));
  const fill = <T>(xs: T[]): (T | number)[] => {
    const rest = [...xs];
    return args.map((a) => (typeof a === 'number' ? a : rest.shift()!));
  };
  const call = <T, R>(ops: Ops<T, R>, xs: T[]): R => (ops[op] as (...all: (T | number)[]) => R)(...fill(xs));
  const bound = () => broadcast(errors.value, ...numbers);
  const spec = { shapes: args.map((a) => (typeof a === 'number' ? a : a.value.shape)) };
  const gradientBounds = (dy: Arr, gradients: Arr[]): Arr[] => {
    const terms = call(
      gradientsFor(dy),
      operands.map(({ value }) => stretch(value, dy.shape)),
    );
    const live = args.flatMap((a, k) => (typeof a !== 'number' && a.differentiable ? [{ k, term: terms[k]! }] : []));
    return live.map(({ k, term }, i) => {
      const { shape } = gradients[i];
      const magnitude = sumTo({ shape: dy.shape, data: term.data.map(Math.abs) }, shape);
      const inexact = broadcast((g, ...x) => Math.abs(g) * (errors.slopes[k] ?? none)(...x), dy, ...numbers);
      return plus(dotBound(sizeOf(dy.shape) / sizeOf(shape), magnitude, gradients[i]), sumTo(inexact, shape));
    });
  };
  return { op, spec, operands, call, bound, gradientBounds, kinks };
}

const stretch = (x: Arr, shape: number[]): Arr => broadcast((v) => v, x, arr(shape));

/** What binary ops differ in. */
type BinaryRow = { errors: Errors; away?: boolean; kinks?: boolean };

const BINARY: Record<string, BinaryRow> = {
  add: { errors: { value: rounded((a, b) => a + b), slopes: [] } },
  sub: { errors: { value: rounded((a, b) => a - b), slopes: [] } },
  mul: { errors: { value: rounded((a, b) => a * b), slopes: [] } },
  // WGSL: 2.5 units; a/b² is a quotient and three products
  div: {
    errors: { value: rounded((a, b) => a / b, 2.5), slopes: [none, rounded((a, b) => a / (b * b), 5)] },
    away: true,
  },
  maximum: { errors: { value: none, slopes: [] }, kinks: true },
  minimum: { errors: { value: none, slopes: [] }, kinks: true },
};

/** Ties on purpose every other time where the op has them; one case of eight has a number for an operand. */
function binaryCase(op: PointwiseOp, { errors, away, kinks }: BinaryRow, r: Random): Case {
  const tied = (kinks ?? false) && r.chance(0.5);
  const draw = (shape: number[]) => floats(tied ? coarse(r, shape) : values(r, shape, away ? 0.25 : -2, 2));
  const args: (Operand | number)[] = broadcastShapes(r, 2).map(draw);
  if (r.chance(0.125)) args[r.int(0, 1)] = 0.75;
  return pointwise(op, args, errors, tied);
}

/** WGSL: sqrt is 1/inverseSqrt, 2 and 2.5 units. */
const SQRT_UNITS = 4.5;

type UnaryRow = {
  value: Scalar;
  slope?: Scalar;
  range?: [number, number];
  parameters?: (r: Random) => number[];
  kinks?: boolean;
};

const UNARY: Record<Exclude<UnaryOp, 'detach'>, UnaryRow> = {
  neg: { value: none },
  abs: { value: none, kinks: true },
  sqrt: { value: rounded(Math.sqrt, SQRT_UNITS), slope: rounded((v) => 0.5 / Math.sqrt(v), 7), range: [0.01, 9] },
  square: { value: rounded((v) => v * v) },
  exp: { value: expError, slope: expError, range: [-8, 8] },
  log: { value: logError, range: [0.01, 9] },
  scale: { value: rounded((v, k) => v * k), parameters: (r) => [r.pick([-2.5, 0.1, 0, 3])] },
  clamp: {
    value: none,
    parameters: (r) =>
      r
        .pick([
          [-0.5, 0.5],
          [0, 1],
          [-1, 0.5],
        ] as const)
        .slice(),
    kinks: true,
  },
  relu: { value: none, kinks: true },
  leakyRelu: { value: rounded((v, slope) => (v > 0 ? v : v * slope)), parameters: () => [0.2], kinks: true },
  tanh: {
    value: tanhError,
    slope: (v) => tanhError() * (2 * Math.abs(Math.tanh(v)) + tanhError()) + 2 * EPS,
    range: [-6, 6],
  },
  sigmoid: { value: sigmoidError, slope: (v) => sigmoidError(v) + 2 * EPS * logistic(v), range: [-9, 9] },
  softplus: { value: softplusError, slope: sigmoidError, range: [-9, 9] },
};

function unaryCase(op: UnaryOp, row: UnaryRow, r: Random): Case {
  const tied = (row.kinks ?? false) && r.chance(0.5);
  const shape = shapeOf(r);
  const x = tied ? coarse(r, shape) : values(r, shape, ...(row.range ?? [-2, 2]));
  return pointwise(
    op,
    [floats(x), ...(row.parameters?.(r) ?? [])],
    { value: row.value, slopes: [row.slope ?? none] },
    tied,
  );
}

const binaryMakers = Object.entries(BINARY).map(([op, row]): [string, CaseMaker] => [
  op,
  (r) => binaryCase(op as PointwiseOp, row, r),
]);
const unaryMakers = Object.entries(UNARY).map(([op, row]): [string, CaseMaker] => [
  op,
  (r) => unaryCase(op as UnaryOp, row, r),
]);

const exactly: Errors = { value: none, slopes: [] };

export const pointwiseCases: Record<string, CaseMaker> = {
  ...Object.fromEntries(binaryMakers),
  ...Object.fromEntries(unaryMakers),
  greater: (r) => {
    const c = pointwise(
      'greater',
      broadcastShapes(r, 2).map((shape) => floats(coarse(r, shape), false)),
      exactly,
    );
    return { ...c, gradientBounds: undefined };
  },
  where: (r) => {
    const [cond, a, b] = broadcastShapes(r, 3);
    return pointwise('where', [floats(coarse(r, cond), false), floats(values(r, a)), floats(values(r, b))], exactly);
  },
};
