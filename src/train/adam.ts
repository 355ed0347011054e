// The optimiser of the training step, and what follows it: moments, host scalars, updates, running averages.

import { adam, input, type Tensor, variable } from '../engine.js';
import type { AdamScalars } from '../graph/ops/adam.js';
import { pointwise } from '../graph/ops/pointwise.js';
import { variablesBeside } from '../graph/ops/source.js';
import { type Net, shapesOf, type Variables } from '../nets/parameters.js';
import { byThrees } from './by-threes.js';

/** Adam's running means of a tensor's gradient and of its square. */
export interface Moments {
  m: Tensor;
  v: Tensor;
}

/** A net with its storage; what has moments is trained, by name. All programs of a run share these tensors. */
export interface Trainee<Output> {
  net: Net<Output>;
  variables: Variables;
  moments: Readonly<Record<string, Moments>>;
  /** Running means of the trained tensors, by name, that follow every update. */
  averages?: Variables;
}

export interface AdamOptions {
  beta1: number;
  beta2: number;
  eps: number;
}

/** The reference's. */
export const ADAM: AdamOptions = { beta1: 0.5, beta2: 0.999, eps: 1e-8 };

/** Names of what is trained in a net: of those, the ones that `chosen` picks. */
export const trainedNames = (net: Net<unknown>, chosen: (name: string) => boolean = () => true): string[] =>
  net.parameters.filter(({ name, trained }) => trained && chosen(name)).map(({ name }) => name);

/** One variable of zeros for each trained tensor, in the order of the moments. */
export const zerosLike = ({ variables, moments }: Trainee<unknown>): Tensor[] =>
  Object.keys(moments).map((name) => variable(variables[name]!.shape));

/**
 * Moments of the trained parameters that `chosen` picks: what `stored` has of them, else zeros, with which Adam starts anew. Those of up to
 * three parameters share a buffer.
 */
export function newMoments(
  net: Net<unknown>,
  chosen?: (name: string) => boolean,
  stored: (name: string) => { m?: () => Float32Array; v?: () => Float32Array } = () => ({}),
): Record<string, Moments> {
  const shapes = shapesOf(net.parameters);
  const names = trainedNames(net, chosen);
  const groups = byThrees(names, shapes).map((group): [string, Moments][] => {
    const variables = group.flatMap((name) => {
      const [shape, { m, v }] = [shapes.get(name)!, stored(name)];
      return [
        { shape, data: m },
        { shape, data: v },
      ];
    });
    const made = variablesBeside(variables);
    return group.map((name, k) => [name, { m: made[2 * k]!, v: made[2 * k + 1]! }]);
  });
  const made = new Map(groups.flat());
  return Object.fromEntries(names.map((name) => [name, made.get(name)!]));
}

const SCALARS = ['lr', 'correction1', 'correction2'] as const;
export type Scalars<T> = Record<(typeof SCALARS)[number], T>;

/**
 * What Adam's `step` (from 1, counted since its moments were zero) needs, computed in double: 1 − βᵗ in single precision is off by 1e-4
 * at the first steps of β 0.999.
 */
export const adamScalars = (step: number, lr: number, { beta1, beta2 }: AdamOptions = ADAM): Scalars<number> => ({
  lr,
  correction1: 1 - beta1 ** step,
  correction2: 1 - beta2 ** step,
});

/** Feeds of a net's Adam, named as `trainingStep` names its inputs: `G.lr`, `G.correction1`, … */
export const adamFeeds = (net: 'G' | 'D', scalars: Scalars<number>): Record<string, number> =>
  Object.fromEntries(SCALARS.map((name) => [`${net}.${name}`, scalars[name]]));

/** The inputs that `adamFeeds` feeds, with what the graph itself computes. */
export function scalarInputs(
  net: 'G' | 'D',
  computed: Pick<AdamScalars, 'skip' | 'unscale'>,
): { inputs: Record<string, Tensor>; scalars: AdamScalars } {
  const scalars = { lr: input([]), correction1: input([]), correction2: input([]) };
  const inputs = Object.fromEntries(SCALARS.map((name) => [`${net}.${name}`, scalars[name]]));
  return { inputs, scalars: { ...scalars, ...computed } };
}

export type Update = [variable: Tensor, value: Tensor];

/** The tensors that are trained, in the order of the moments. */
export const trainedTensors = ({ variables, moments }: Trainee<unknown>): Tensor[] =>
  Object.keys(moments).map((name) => variables[name]!);

/** average ← average + rest · (w − average), where rest = 1 − decay. */
const followed = (average: Tensor, w: Tensor, rest: Tensor): Update => [
  average,
  pointwise('average', 'a + r * (w - a)', { a: average, w, r: rest }),
];

/** One Adam step of everything trained in a net, with its averages; `gradients` in the order of its moments. */
export function adamUpdates(
  { variables, moments, averages = {} }: Trainee<unknown>,
  gradients: readonly Tensor[],
  scalars: AdamScalars,
  rates: AdamOptions,
  rest?: Tensor,
): Update[] {
  return Object.entries(moments).flatMap(([name, { m, v }], i): Update[] => {
    const w = variables[name]!;
    const next = adam(w, gradients[i]!, m, v, scalars, rates);
    const average = averages[name];
    return [[w, next.w], [m, next.m], [v, next.v], ...(average && rest ? [followed(average, next.w, rest)] : [])];
  });
}
