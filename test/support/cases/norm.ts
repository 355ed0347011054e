import { type Arr, arr, sizeOf } from '../../twin/array.js';
import { batchGroups, type Group, instanceGroups, moments } from '../../twin/norm.js';
import { dotBound, EPS, type Spread, unitError } from '../bounds.js';
import type { Ops } from '../ops.js';
import { planeOf, type Random, values } from '../random.js';
import { type Case, type CaseMaker, floats, type Operand } from './case.js';

type Group2 = Group & Spread & { mean: number; weight: number };
type Parameters = { weight?: Operand; bias?: Operand };

export const spreads = (x: Arr, groups: Group[], eps: number, weight?: Arr): Group2[] =>
  groups.map((group) => {
    const { mean, variance } = moments(x, group);
    const deviation = Math.sqrt(variance + eps);
    const spread = { count: group.positions.length, deviation, shift: Math.abs(mean) / deviation };
    return { ...group, ...spread, mean, weight: Math.abs(weight?.data[group.channel] ?? 1) };
  });

export function forwardBound(x: Arr, y: Arr, groups: Group2[]): Arr {
  const bound = arr(y.shape);
  for (const g of groups)
    for (const i of g.positions) {
      const unit = (x.data[i] - g.mean) / g.deviation;
      bound.data[i] = g.weight * unitError(g, unit) + EPS * (g.weight * Math.abs(unit) + Math.abs(y.data[i]));
    }
  return bound;
}

const average = (positions: number[], f: (i: number) => number): number =>
  positions.reduce((total, i) => total + f(i), 0) / positions.length;

/**
 * dx = w/σ·(dy − mean dy − x̂·mean(dy·x̂)), with the error of x̂ (unitError) in both of its places, of the two means
 * (4·eps·√n of their absolute terms) and of σ.
 */
function dataBound(x: Arr, dy: Arr, groups: Group2[]): Arr {
  const bound = arr(x.shape);
  for (const g of groups) {
    const unit = (i: number) => Math.abs(x.data[i] - g.mean) / g.deviation;
    const sum = average(g.positions, (i) => Math.abs(dy.data[i]));
    const product = average(g.positions, (i) => Math.abs(dy.data[i]) * (1 + unit(i)));
    const factor = 4 * EPS * Math.sqrt(g.count) * (1 + g.shift) * (g.weight / g.deviation);
    for (const i of g.positions) bound.data[i] = factor * (Math.abs(dy.data[i]) + sum + 2 * (1 + unit(i)) * product);
  }
  return bound;
}

/** dw = Σ dy·x̂ and db = Σ dy over the groups of a channel. */
function parameterBounds(x: Arr, dy: Arr, groups: Group2[]): { weight: Arr; bias: Arr } {
  const channels = x.shape[1];
  const length = sizeOf(x.shape) / channels;
  const [weight, bias] = [arr([channels]), arr([channels])];
  for (const g of groups)
    for (const i of g.positions) {
      const size = Math.abs(dy.data[i]);
      const unit = Math.abs(x.data[i] - g.mean) / g.deviation;
      weight.data[g.channel] += size * (unitError(g, unit) + 4 * EPS * Math.sqrt(length) * unit);
      bias.data[g.channel] += 4 * EPS * Math.sqrt(length) * size;
    }
  return { weight, bias };
}

const parametersOf = (r: Random, channels: number): Parameters => ({
  weight: r.chance(0.5) ? floats(values(r, [channels], 0.5, 2)) : undefined,
  bias: r.chance(0.5) ? floats(values(r, [channels])) : undefined,
});

/** Tensors again from the flat list of operands, in the order in which `present` holds them. */
const named = <T>(present: Record<string, Operand | undefined>, xs: T[]): Record<string, T> =>
  Object.fromEntries(
    Object.keys(present)
      .filter((key) => present[key])
      .map((key, i) => [key, xs[i]]),
  );

const isOperand = (x: Operand | undefined): x is Operand => x !== undefined;

function normCase(op: 'instanceNorm' | 'batchNorm', r: Random): Case {
  const shape = [r.int(1, 3), r.pick([1, 2, 3, 7]), ...planeOf(r)];
  const shift = r.pick([0, 0, 3, -20]);
  const x = values(r, shape, shift - 1, shift + 1);
  const eps = r.pick([1e-5, 1e-3]);
  const parameters = parametersOf(r, shape[1]);
  const groups = spreads(
    x,
    (op === 'instanceNorm' ? instanceGroups : batchGroups)(shape),
    eps,
    parameters.weight?.value,
  );
  return {
    op,
    spec: { x: shape, shift, eps, weight: !!parameters.weight, bias: !!parameters.bias },
    operands: [floats(x), ...[parameters.weight, parameters.bias].filter(isOperand)],
    call: <T, R>(ops: Ops<T, R>, [t, ...rest]: T[]) => ops[op](t, { eps, ...named(parameters, rest) }),
    bound: (y) => forwardBound(x, y, groups),
    gradientBounds: (dy) => {
      const of = parameterBounds(x, dy, groups);
      return [
        dataBound(x, dy, groups),
        ...(parameters.weight ? [of.weight] : []),
        ...(parameters.bias ? [of.bias] : []),
      ];
    },
  };
}

/** With the statistics given: a few roundings of |x|·s, |m|·s and b, s = w/√(v + eps). */
function givenBounds(x: Arr, all: Record<'mean' | 'variance', Arr> & { weight?: Arr; bias?: Arr }, eps: number) {
  const at = (i: number) => {
    const c = Math.floor(i / sizeOf(x.shape.slice(2))) % x.shape[1];
    const inverse = 1 / Math.sqrt(all.variance.data[c] + eps);
    const weight = Math.abs(all.weight?.data[c] ?? 1);
    const far = Math.abs(x.data[i]) + Math.abs(all.mean.data[c]);
    return { c, inverse, weight, far, bias: Math.abs(all.bias?.data[c] ?? 0) };
  };
  const perChannel = (dy: Arr, term: (size: number, p: ReturnType<typeof at>) => number): Arr => {
    const total = arr([x.shape[1]]);
    for (let i = 0; i < dy.data.length; i++) {
      const p = at(i);
      total.data[p.c] += term(Math.abs(dy.data[i]), p);
    }
    return total;
  };
  return { at, perChannel };
}

function givenCase(r: Random): Case {
  const shape = [r.int(1, 3), r.pick([1, 2, 3, 7]), ...planeOf(r)];
  const eps = r.pick([1e-5, 1e-3]);
  const x = values(r, shape);
  const { weight, bias } = parametersOf(r, shape[1]);
  const all = { weight, bias, mean: floats(values(r, [shape[1]])), variance: floats(values(r, [shape[1]], 0.1, 2)) };
  const plain = { weight: weight?.value, bias: bias?.value, mean: all.mean.value, variance: all.variance.value };
  const { at, perChannel } = givenBounds(x, plain, eps);
  const length = sizeOf(shape) / shape[1];
  return {
    op: 'batchNorm',
    spec: { x: shape, eps, given: Object.keys(all).filter((key) => all[key as keyof typeof all]) },
    operands: [floats(x), ...Object.values(all).filter(isOperand)],
    call: (ops, [t, ...rest]) => ops.batchNorm(t, { eps, ...named(all, rest) }),
    bound: (y) => {
      const terms = arr(
        shape,
        Array.from(x.data, (_, i) => at(i)).map((p) => p.far * p.weight * p.inverse + p.bias),
      );
      return dotBound(3, terms, y);
    },
    gradientBounds: (dy, found) => {
      const terms = [
        arr(
          shape,
          Array.from(dy.data, (g, i) => Math.abs(g) * at(i).weight * at(i).inverse),
        ),
        ...(weight ? [perChannel(dy, (g, p) => g * p.far * p.inverse)] : []),
        ...(bias ? [perChannel(dy, (g) => g)] : []),
        perChannel(dy, (g, p) => g * p.weight * p.inverse),
        perChannel(dy, (g, p) => 0.5 * g * p.weight * p.far * p.inverse ** 3),
      ];
      // inverseSqrt (2 units) and its cube on top of the sum
      return terms.map((t, k) => dotBound(k === 0 ? 3 : 3 + length, t, found[k]));
    },
  };
}

export const normCases: Record<string, CaseMaker> = {
  instanceNorm: (r) => normCase('instanceNorm', r),
  batchNorm: (r) => normCase('batchNorm', r),
  'batchNorm given': givenCase,
};
