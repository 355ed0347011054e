import type { Ops } from '../support/ops.js';
import { type Arr, arr, indices, offsetOf, pairOf, sizeOf } from '../twin/array.js';
import { conv2dShape, convTranspose2dShape } from '../twin/conv.js';
import { pool2dShape } from '../twin/pool.js';

/**
 * The conformance cases of WebNN (web-platform-tests), translated to calls of this engine's ops. The engine is planar
 * NCHW, float32, with torch's options; what differs is translated as far as the case's meaning allows:
 * - other layouts: data that the case supplies is transposed on the host, and so is the expected result;
 * - other ranks (pad, resample2d, batchNormalization): reshape to four axes and back, which only the engine computes;
 * - output sizes: the outputPadding or ceilMode that gives them.
 * Anything else is out of scope, counted by reason, never silently passed.
 */

type Descriptor = { shape: number[]; dataType: string };
type Resource = { data: number | (number | string)[]; descriptor: Descriptor; constant?: boolean };
type Arguments = Record<string, unknown>[];
export type WebnnTest = {
  name: string;
  graph: {
    inputs: Record<string, Resource>;
    operators: { name: string; arguments: Arguments; outputs: string }[];
    expectedOutputs: Record<string, Resource>;
  };
  tolerance: Tolerance;
};
export type Tolerance = { metricType: string; value: number };

/** A result of the ops under test and what it should be, in this engine's layout. */
export type Translation<T> = { output: T; want: Arr };
/** Why a case cannot be said in this engine. */
export type OutOfScope = { outOfScope: string };

type Options = {
  axes?: number[];
  axis?: number;
  bias?: string;
  dilations?: number[];
  epsilon?: number;
  alpha?: number;
  filterLayout?: string;
  groups?: number;
  inputLayout?: string;
  keepDimensions?: boolean;
  layout?: string;
  maxValue?: number;
  minValue?: number;
  mode?: string;
  outputPadding?: number[];
  outputSizes?: number[];
  padding?: number[];
  roundingType?: string;
  scale?: string;
  scales?: number[];
  sizes?: number[];
  strides?: number[];
  value?: number;
  windowDimensions?: number[];
};

/** One operator of a case with its operands at hand. */
type Call<T> = {
  ops: Ops<T>;
  args: Record<string, unknown>;
  options: Options;
  /** The data of an operand, by the argument that names it. */
  data(argument: string): Arr;
  /** The operand itself, after `change` of its data on the host. */
  tensor(argument: string, change?: (x: Arr) => Arr): T;
  want: Arr;
};
type Rule = <T>(call: Call<T>) => Translation<T> | string;

// ---- host side: layouts

export function permute(x: Arr, order: number[]): Arr {
  const y = arr(order.map((from) => x.shape[from]));
  for (const index of indices(y.shape)) {
    const source = x.shape.map((_, d) => index[order.indexOf(d)]);
    y.data[offsetOf(y.shape, index)] = x.data[offsetOf(x.shape, source)];
  }
  return y;
}

/** From a layout in letters, say 'nhwc', to another. */
const relayout = (from: string, to: string) => (x: Arr) =>
  permute(
    x,
    [...to].map((letter) => from.indexOf(letter)),
  );

const planar = (layout = 'nchw') => relayout(layout, 'nchw');

/** WebNN: [begin height, end height, begin width, end width]. */
const sides = ([top, bottom, left, right]: number[] = [0, 0, 0, 0]): [number, number, number, number] => [
  top,
  left,
  bottom,
  right,
];

const two = (list: number[] | undefined, fallback: number): [number, number] =>
  list ? [list[0], list[1]] : [fallback, fallback];

const equal = (a: number[], b: number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

// ---- rules

type BinaryName = 'add' | 'sub' | 'mul' | 'div';
type UnaryName = 'abs' | 'exp' | 'neg' | 'relu' | 'sigmoid' | 'softplus' | 'sqrt' | 'tanh';

const binary =
  (op: BinaryName): Rule =>
  ({ ops, tensor, want }) => ({ output: ops[op](tensor('a'), tensor('b')), want });

const unary =
  (op: UnaryName): Rule =>
  ({ ops, tensor, want }) => ({ output: ops[op](tensor('input')), want });

/** An empty list of axes reduces nothing in WebNN: a sum over an axis of one that is added for it. */
const reduce =
  (op: 'sum' | 'mean'): Rule =>
  ({ ops, data, tensor, options, want }) => {
    const x = tensor('input');
    if (options.axes?.length === 0) {
      return { output: ops[op](ops.reshape(x, [...data('input').shape, 1]), [-1]), want };
    }
    return { output: ops[op](x, options.axes, options.keepDimensions), want };
  };

const conv2d: Rule = ({ ops, data, tensor, options, want }) => {
  const toFilter = relayout(options.filterLayout ?? 'oihw', 'oihw');
  const toPlanar = planar(options.inputLayout);
  const bias = options.bias ? tensor('bias') : null;
  const translated = {
    stride: two(options.strides, 1),
    padding: sides(options.padding),
    dilation: two(options.dilations, 1),
    groups: options.groups ?? 1,
  };
  const shape = conv2dShape(toPlanar(data('input')).shape, toFilter(data('filter')).shape, translated);
  if (!equal(shape, toPlanar(want).shape)) return 'output size';
  const output = ops.conv2d(tensor('input', toPlanar), tensor('filter', toFilter), bias, translated);
  return { output, want: toPlanar(want) };
};

const convTranspose2d: Rule = ({ ops, data, tensor, options, want }) => {
  const toFilter = relayout(options.filterLayout ?? 'iohw', 'iohw');
  const toPlanar = planar(options.inputLayout);
  const bias = options.bias ? tensor('bias') : null;
  const translated = {
    stride: two(options.strides, 1),
    padding: sides(options.padding),
    dilation: two(options.dilations, 1),
    groups: options.groups ?? 1,
    outputPadding: two(options.outputPadding, 0),
  };
  if (options.outputSizes) {
    const unpadded = { ...translated, outputPadding: 0 };
    const [, , H, W] = convTranspose2dShape(toPlanar(data('input')).shape, toFilter(data('filter')).shape, unpadded);
    translated.outputPadding = [options.outputSizes[0] - H, options.outputSizes[1] - W];
  }
  const output = ops.convTranspose2d(tensor('input', toPlanar), tensor('filter', toFilter), bias, translated);
  return { output, want: toPlanar(want) };
};

/** WebNN's average never counts the padding. */
const pool =
  (op: 'avgPool2d' | 'maxPool2d'): Rule =>
  ({ ops, data, tensor, options, want }) => {
    if (options.dilations?.some((d) => d !== 1)) return 'dilated pooling';
    const toPlanar = planar(options.layout);
    const { shape } = toPlanar(data('input'));
    const base = {
      kernel: two(options.windowDimensions ?? shape.slice(2), 1),
      stride: two(options.strides, 1),
      padding: sides(options.padding),
    };
    const sized = (ceilMode: boolean) => equal(pool2dShape(shape, { ...base, ceilMode }), toPlanar(want).shape);
    const ceilMode = options.outputSizes ? !sized(false) : options.roundingType === 'ceil';
    if (!sized(ceilMode)) return 'output size';
    const x = tensor('input', toPlanar);
    const output =
      op === 'maxPool2d'
        ? ops.maxPool2d(x, { ...base, ceilMode })
        : ops.avgPool2d(x, { ...base, ceilMode, countIncludePad: false });
    return { output, want: toPlanar(want) };
  };

const instanceNorm: Rule = ({ ops, tensor, options, want }) => {
  const toPlanar = planar(options.layout);
  const output = ops.instanceNorm(tensor('input', toPlanar), {
    eps: options.epsilon ?? 1e-5,
    ...(options.scale ? { weight: tensor('scale') } : {}),
    ...(options.bias ? { bias: tensor('bias') } : {}),
  });
  return { output, want: toPlanar(want) };
};

/** The axis of the channels moves to place 1 on the host; all behind it becomes one axis. */
const batchNorm: Rule = ({ ops, data, tensor, options, want }) => {
  const { axis = 1 } = options;
  const others = want.shape.map((_, d) => d).filter((d) => d !== axis);
  const forward = (x: Arr) => permute(x, [others[0], axis, ...others.slice(1)]);
  const [N, C, ...rest] = forward(data('input')).shape;
  const x = ops.reshape(tensor('input', forward), [N, C, sizeOf(rest), 1]);
  const output = ops.batchNorm(x, {
    eps: options.epsilon ?? 1e-5,
    mean: tensor('mean'),
    variance: tensor('variance'),
    ...(options.scale ? { weight: tensor('scale') } : {}),
    ...(options.bias ? { bias: tensor('bias') } : {}),
  });
  return { output: ops.reshape(output, [N, C, ...rest]), want: forward(want) };
};

/** An op of one spatial axis on any axis of any rank: everything before it is the channels, everything behind it the width. */
function along<T>(ops: Ops<T>, x: T, shape: number[], axis: number, grown: number, op: (image: T) => T): T {
  const folded = [1, sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const next = shape.map((n, d) => (d === axis ? grown : n));
  return ops.reshape(op(ops.reshape(x, folded)), next);
}

const pad: Rule = ({ ops, args, data, tensor, options, want }) => {
  const { mode = 'constant', value = 0 } = options;
  const reflect = mode === 'reflection';
  if (mode !== 'constant' && !reflect) return `padding mode ${mode}`;
  if (value !== 0) return 'padding with a value other than 0';
  const begins = args.beginningPadding as number[];
  const ends = args.endingPadding as number[];
  let x = tensor('input');
  let { shape } = data('input');
  begins.forEach((begin, axis) => {
    const end = ends[axis];
    if (begin + end === 0) return;
    const op = reflect ? ops.reflectionPad2d : ops.zeroPad2d;
    const grown = shape[axis] + begin + end;
    x = along(ops, x, shape, axis, grown, (image) => op(image, [begin, 0, end, 0]));
    shape = shape.map((n, d) => (d === axis ? grown : n));
  });
  return { output: x, want };
};

const resample2d: Rule = ({ ops, data, tensor, options, want }) => {
  if (options.mode === 'linear') return 'linear resampling';
  const { axes = [2, 3] } = options;
  let { shape } = data('input');
  const factors = axes.map((axis, k) => (options.sizes ? options.sizes[k] / shape[axis] : (options.scales?.[k] ?? 1)));
  if (!factors.every(Number.isInteger)) return 'resampling by a fraction';
  if (equal(axes, [2, 3]))
    return { output: ops.upsampleNearest2d(tensor('input'), pairOf([factors[0], factors[1]])), want };
  let x = tensor('input');
  axes.forEach((axis, k) => {
    const grown = shape[axis] * factors[k];
    x = along(ops, x, shape, axis, grown, (image) => ops.upsampleNearest2d(image, [factors[k], 1]));
    shape = shape.map((n, d) => (d === axis ? grown : n));
  });
  return { output: x, want };
};

const slice: Rule = ({ ops, args, tensor, options, want }) => {
  if (options.strides?.some((s) => s !== 1)) return 'strided slice';
  return { output: ops.slice(tensor('input'), args.starts as number[], args.sizes as number[]), want };
};

const RULES: Record<string, Rule> = {
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  abs: unary('abs'),
  exp: unary('exp'),
  neg: unary('neg'),
  relu: unary('relu'),
  sigmoid: unary('sigmoid'),
  softplus: unary('softplus'),
  sqrt: unary('sqrt'),
  tanh: unary('tanh'),
  reduceSum: reduce('sum'),
  reduceMean: reduce('mean'),
  clamp: ({ ops, tensor, options, want }) => {
    const { minValue = Number.NEGATIVE_INFINITY, maxValue = Number.POSITIVE_INFINITY } = options;
    return { output: ops.clamp(tensor('input'), minValue, maxValue), want };
  },
  leakyRelu: ({ ops, tensor, options, want }) => ({
    output: ops.leakyRelu(tensor('input'), options.alpha ?? 0.01),
    want,
  }),
  concat: ({ ops, args, tensor, want }) => ({
    output: ops.concat(
      (args.inputs as string[]).map((_, k) => tensor(`inputs.${k}`)),
      args.axis as number,
    ),
    want,
  }),
  conv2d,
  convTranspose2d,
  averagePool2d: pool('avgPool2d'),
  maxPool2d: pool('maxPool2d'),
  l2Pool2d: () => 'no such op: l2Pool2d',
  instanceNormalization: instanceNorm,
  batchNormalization: batchNorm,
  pad,
  resample2d,
  slice,
};

// ---- a whole case

/** The largest tensor that a case may have here: one has 36 million elements, 430 MB for a sum that smaller ones test. */
const MOST_ELEMENTS = 1e6;

const valuesOf = ({ data, descriptor }: Resource): Arr => {
  const size = sizeOf(descriptor.shape);
  return arr(descriptor.shape, Array.isArray(data) ? data.map(Number) : new Float64Array(size).fill(data));
};

function unsupported({ graph }: WebnnTest): string | undefined {
  const all = [...Object.values(graph.inputs), ...Object.values(graph.expectedOutputs)];
  const type = all.map(({ descriptor }) => descriptor.dataType).find((dataType) => dataType !== 'float32');
  if (type) return `data type ${type}`;
  if (all.some(({ descriptor }) => sizeOf(descriptor.shape) > MOST_ELEMENTS)) return 'over a million elements';
  return undefined;
}

/**
 * Builds a case with `ops`; `put` makes an operand of them from data, a stored one if the case calls it constant.
 * Throws what the ops throw.
 */
export function translate<T>(
  test: WebnnTest,
  ops: Ops<T>,
  put: (x: Arr, constant: boolean) => T,
): Translation<T> | OutOfScope {
  const reason = unsupported(test);
  if (reason) return { outOfScope: reason };
  const [operator] = test.graph.operators;
  const args: Record<string, unknown> = Object.assign({}, ...operator.arguments);
  const options = (args.options ?? {}) as Options;
  const resource = (argument: string): Resource => {
    const [head, k] = argument.split('.');
    const named = args[head] ?? options[head as keyof Options];
    return test.graph.inputs[(k === undefined ? named : (named as string[])[Number(k)]) as string];
  };
  const result = RULES[operator.name]({
    ops,
    args,
    options,
    data: (argument) => valuesOf(resource(argument)),
    tensor: (argument, change = (x) => x) =>
      put(change(valuesOf(resource(argument))), resource(argument).constant === true),
    want: valuesOf(test.graph.expectedOutputs[operator.outputs]),
  });
  return typeof result === 'string' ? { outOfScope: result } : result;
}

// ---- tolerance, as web-platform-tests measures it

const word = new DataView(new ArrayBuffer(4));

/** Floats in the order of the numbers, one apart where neighbours. */
function ordered(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

export const ulpDistance = (a: number, b: number): number => Math.abs(ordered(a) - ordered(b));

const METRICS: Record<string, (got: number, want: number) => number> = {
  ULP: ulpDistance,
  ATOL: (got, want) => Math.abs(got - want),
};

/** What is wrong with a result, or nothing. */
export function violation(got: ArrayLike<number>, want: Arr, { metricType, value }: Tolerance): string | undefined {
  if (got.length !== want.data.length) return `got ${got.length} values, wanted ${want.data.length}`;
  for (let i = 0; i < got.length; i++) {
    const distance = METRICS[metricType](got[i], want.data[i]);
    if (!(distance <= value)) {
      return `element ${i}: got ${got[i]}, wanted ${want.data[i]}, ${metricType} ${distance}, allowed ${value}`;
    }
  }
  return undefined;
}

// ---- counts

export type Row = { kind: string; run: number; outOfScope: Record<string, number> };

export function table(rows: Row[]): string {
  const reasons = (row: Row) =>
    Object.entries(row.outOfScope)
      .map(([reason, n]) => `${n} ${reason}`)
      .join(', ');
  const total = rows.reduce((n, row) => n + row.run, 0);
  return [
    ...rows.map((row) => `${row.kind.padEnd(24)}${String(row.run).padStart(4)}  ${reasons(row)}`),
    `total ${total}`,
  ].join('\n');
}
