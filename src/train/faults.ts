// NaN and infinity on the device: found in the step that makes them, by bit pattern, before an activation hides them.

import { abs, add, greater, maximum, mean, reshape, scale, type Tensor } from '../engine.js';
import { sizeOf } from '../graph/chunks.js';
import { isCheapLater } from '../graph/ops/convolve.js';
import { maxOf } from '../graph/ops/reduce.js';

/**
 * 1 for NaN, infinity and what becomes one when it is squared, as Adam does: 2⁶⁴ and more. By the exponent's bits: `x != x` is folded
 * away by compilers.
 */
const bad = (name: string): string => `select(0.0, 1.0, (bitcast<u32>(${name}) & 0x7f800000u) >= 0x5f800000u)`;

/** Longer ones keep their shape, since a flat tensor has to fit one binding. */
const FLAT = 2 ** 24;
const flat = (x: Tensor): Tensor => (sizeOf(x.shape) <= FLAT ? reshape(x, [sizeOf(x.shape)]) : x);

/** Rank 0: not 0 where an element of x is no number. */
const faultIn = (x: Tensor): Tensor => maxOf('fault', bad('a'), { a: flat(x) });

/** Rank 0 for a parameter: 1 where its gradient, or its `signs`, has a fault, 2 where it has one itself. */
function faultOfPair(signs: readonly Tensor[], weight: Tensor): Tensor {
  const [gradient, ...more] = signs as [Tensor, ...Tensor[]];
  if (more.length > 0) return [gradient, ...more].map(faultIn).reduce(maximum, scale(faultIn(weight), 2));
  return maxOf('fault', `max(${bad('a')}, 2.0 * ${bad('b')})`, { a: flat(gradient), b: flat(weight) });
}

/** What is looked at instead of a gradient that is not there yet: all that it is a sum of products of. */
const signsOf = (gradient: Tensor): readonly Tensor[] => (isCheapLater(gradient) ? gradient.node.inputs : [gradient]);

/** What a picture was before its last activation, which makes a number of everything. */
const beforeTanh = (picture: Tensor): Tensor => {
  const { op, inputs } = picture.node;
  return op.name === 'tanh' ? inputs[0]! : picture;
};

export type Faults = Record<string, Tensor>;

/** The names that outputs of a program have which are no losses. */
export const FAULT = 'fault: ';
export const SATURATED = 'saturated';

export function faultsOf(inputs: Record<string, Tensor>, picture: Tensor, losses: Record<string, Tensor>): Faults {
  const floats = Object.entries(inputs).filter(([, { dtype, shape }]) => dtype === 'f32' && shape.length > 0);
  return {
    ...Object.fromEntries(floats.map(([name, tensor]) => [`the input ${name}`, faultIn(tensor)])),
    "G's picture": faultIn(beforeTanh(picture)),
    ...Object.fromEntries(Object.entries(losses).map(([name, loss]) => [`the loss ${name}`, faultIn(loss)])),
  };
}

/**
 * For every trained tensor of a net, whose gradients are in the order of its moments.
 * @param early a gradient that `isCheapLater` will be made after all faults are known
 */
export function trainedFaults(
  name: string,
  { variables, moments }: { variables: Record<string, Tensor>; moments: Record<string, unknown> },
  gradients: readonly Tensor[],
  early: boolean,
): Faults {
  const signs = (gradient: Tensor) => (early ? signsOf(gradient) : [gradient]);
  return Object.fromEntries(
    Object.keys(moments).map((key, i) => [`${name} ${key}`, faultOfPair(signs(gradients[i]!), variables[key]!)]),
  );
}

/** Rank 0: 0 where there is no fault at all. */
export const anyOf = (faults: Faults): Tensor => Object.values(faults).reduce((sum, fault) => add(sum, fault));

/** Share of a picture's values that tanh has pressed against its ends. */
export const saturationOf = (picture: Tensor): Tensor => mean(greater(abs(picture), 0.99));

/** Outputs of a program as what they mean. */
export const faultOutputs = (faults: Faults): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(faults).map(([name, fault]) => [FAULT + name, fault]));

const GRADIENT = 'the gradient of ';
export const isGradientName = (name: string): boolean => name.startsWith(GRADIENT);

/** In words, from the outputs of a step; weights first, since they are why the rest has faults. */
export function faultNames(outputs: Record<string, ArrayLike<number>>): { weights: string[]; others: string[] } {
  const found = Object.entries(outputs).filter(([name, values]) => name.startsWith(FAULT) && values[0] !== 0);
  const named = found.map(([name, values]) => ({ name: name.slice(FAULT.length), code: values[0]! }));
  const tensor = /^[GDE] /;
  return {
    weights: named.filter(({ name, code }) => tensor.test(name) && code > 1).map(({ name }) => `the weight ${name}`),
    others: named
      .filter(({ name, code }) => !tensor.test(name) || code === 1)
      .map(({ name }) => (tensor.test(name) ? GRADIENT + name : name)),
  };
}
