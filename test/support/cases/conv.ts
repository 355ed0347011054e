import { type Arr, absolute, sizeOf } from '../../twin/array.js';
import * as twin from '../../twin/conv.js';
import * as gradients from '../../twin/conv-gradients.js';
import { oneHot } from '../../twin/ids.js';
import { dotBound } from '../bounds.js';
import {
  type ConvKind,
  type ConvLimits,
  type ConvSpec,
  conv2dSpec,
  convTranspose2dSpec,
  ids,
  type Random,
  values,
} from '../random.js';
import { type Case, type CaseMaker, floats, type Operand, whole } from './case.js';

/** Weights small enough that sums stay near 1, as trained ones are. */
function operandsOf(r: Random, { x, w, bias }: ConvSpec<unknown>, outputs: number): Operand[] {
  const spread = 2 / Math.sqrt(sizeOf(w.slice(1)));
  const all = [floats(values(r, x)), floats(values(r, w, -spread, spread))];
  return bias ? [...all, floats(values(r, [outputs]))] : all;
}

const magnitudes = (operands: Operand[]): [Arr, Arr, Arr | null] => {
  const [x, w, b] = operands.map(({ value }) => absolute(value));
  return [x, w, b ?? null];
};

/** Products behind one element of the data, weight and bias gradient. */
type Lengths = { forward: number; data: number; weight: number; bias: number };

function gradientBounds(terms: (Arr | null)[], { data, weight, bias }: Lengths, found: Arr[]): Arr[] {
  const lengths = [data, weight, bias];
  return found.map((g, k) => dotBound(lengths[k], terms[k]!, g));
}

function lengthsOf2d(spec: ConvSpec<twin.Conv2dOptions>): Lengths {
  const { w, options } = spec;
  const [N, , OH, OW] = twin.conv2dShape(spec.x, w, options);
  const taps = w[2] * w[3];
  // reflection can bring up to four padded pixels back to one
  const folds = options.paddingMode === 'reflect' ? 4 : 1;
  return {
    forward: w[1] * taps + 1,
    data: (w[0] / (options.groups ?? 1)) * taps * folds,
    weight: N * OH * OW,
    bias: N * OH * OW,
  };
}

export function conv2dCase(kind: ConvKind, r: Random, limits?: ConvLimits): Case {
  const spec = conv2dSpec(r, kind, limits);
  const { options } = spec;
  const operands = operandsOf(r, spec, spec.w[0]);
  const lengths = lengthsOf2d(spec);
  return {
    op: 'conv2d',
    spec,
    operands,
    call: (ops, [x, w, b]) => ops.conv2d(x, w, b ?? null, options),
    bound: (y) => dotBound(lengths.forward, twin.conv2d(...magnitudes(operands), options), y),
    gradientBounds: (dy, found) =>
      gradientBounds(gradients.conv2d(absolute(dy), ...magnitudes(operands), options), lengths, found),
  };
}

function lengthsOfTranspose(spec: ConvSpec<twin.ConvTranspose2dOptions>): Lengths {
  const { x, w, options } = spec;
  const [, , OH, OW] = twin.convTranspose2dShape(x, w, options);
  const taps = w[2] * w[3];
  return {
    forward: (x[1] / (options.groups ?? 1)) * taps + 1,
    data: w[1] * taps,
    weight: x[0] * x[2] * x[3],
    bias: x[0] * OH * OW,
  };
}

export function convTranspose2dCase(kind: Exclude<ConvKind, 'reflect'>, r: Random, limits?: ConvLimits): Case {
  const spec = convTranspose2dSpec(r, kind, limits);
  const { options } = spec;
  const operands = operandsOf(r, spec, spec.w[1] * (options.groups ?? 1));
  const lengths = lengthsOfTranspose(spec);
  return {
    op: 'convTranspose2d',
    spec,
    operands,
    call: (ops, [x, w, b]) => ops.convTranspose2d(x, w, b ?? null, options),
    bound: (y) => dotBound(lengths.forward, twin.convTranspose2d(...magnitudes(operands), options), y),
    gradientBounds: (dy, found) =>
      gradientBounds(gradients.convTranspose2d(absolute(dy), ...magnitudes(operands), options), lengths, found),
  };
}

function labelConvCase(kind: 'plain' | 'reflect', r: Random): Case {
  const spec = conv2dSpec(r, kind);
  const { x, w, options } = spec;
  const [N, classes, H, W] = x as [number, number, number, number];
  // Ids beyond the classes add nothing.
  const map = ids(r, [N, 1, H, W], classes + 1);
  const [, weights] = operandsOf(r, { ...spec, bias: false }, w[0]) as [Operand, Operand];
  const planes = twin.conv2d.bind(null, oneHot(map, classes));
  const lengths = lengthsOf2d(spec);
  return {
    op: 'labelConv2d',
    spec,
    operands: [whole(map), weights],
    call: (ops, [i, v]) => ops.labelConv2d(i, v, options),
    bound: (y) => dotBound(lengths.forward, planes(absolute(weights.value), null, options), y),
    gradientBounds: (dy, [dw]) => {
      const terms = gradients.conv2d(absolute(dy), oneHot(map, classes), weights.value, null, options)[1]!;
      return [dotBound(lengths.weight, terms, dw!)];
    },
  };
}

export const convCases: Record<string, CaseMaker> = {
  'conv2d plain': (r) => conv2dCase('plain', r),
  'conv2d reflect': (r) => conv2dCase('reflect', r),
  'conv2d grouped': (r) => conv2dCase('grouped', r),
  'conv2d dilated': (r) => conv2dCase('dilated', r),
  'labelConv2d plain': (r) => labelConvCase('plain', r),
  'labelConv2d reflect': (r) => labelConvCase('reflect', r),
  'convTranspose2d plain': (r) => convTranspose2dCase('plain', r),
  'convTranspose2d grouped': (r) => convTranspose2dCase('grouped', r),
  'convTranspose2d dilated': (r) => convTranspose2dCase('dilated', r),
};
