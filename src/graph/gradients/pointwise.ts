import { mul, pointwise, type Value } from '../ops/pointwise.js';
import { sumTo } from '../ops/reduce.js';
import type { Node, Tensor } from '../tensor.js';
import type { GradientRule } from './rule.js';

/**
 * Gradients of the elementwise ops as expressions: g is the gradient of the output y, the other names are those of the op's
 * operands. Each is one fused kernel. Ties and kinks as torch has them.
 */
const EXPRESSIONS: Record<string, Record<string, string>> = {
  add: { a: 'g', b: 'g' },
  sub: { a: 'g', b: '-g' },
  mul: { a: 'g * b', b: 'g * a' },
  div: { a: 'g / b', b: '-g * a / (b * b)' },
  maximum: {
    a: 'g * select(select(0.0, 0.5, a == b), 1.0, a > b)',
    b: 'g * select(select(0.0, 0.5, a == b), 1.0, b > a)',
  },
  minimum: {
    a: 'g * select(select(0.0, 0.5, a == b), 1.0, a < b)',
    b: 'g * select(select(0.0, 0.5, a == b), 1.0, b < a)',
  },
  where: { a: 'select(0.0, g, c != 0.0)', b: 'select(g, 0.0, c != 0.0)' },
  neg: { a: '-g' },
  abs: { a: 'g * sign(a)' },
  sqrt: { a: '0.5 * g / y' },
  square: { a: '2.0 * g * a' },
  exp: { a: 'g * y' },
  log: { a: 'g / a' },
  relu: { a: 'select(0.0, g, y > 0.0)' },
  leakyRelu: { a: 'select(g * b, g, y > 0.0)' },
  foldedRelu: { a: 'select(g * b, g, a > 0.0)' },
  tanh: { a: 'g * (1.0 - y * y)' },
  sigmoid: { a: 'g * y * (1.0 - y)' },
  softplus: { a: 'g / (1.0 + exp(-clamp(a, -88.0, 88.0)))' },
  scale: { a: 'g * b' },
  clamp: { a: 'select(0.0, g, a >= b && a <= c)' },
  expand: { a: 'g * b' },
};

const uses = (expression: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(expression);

/** Names of a pointwise node's operands with their values. */
function operandsOf(node: Node<any>): [name: string, value: Value][] {
  const { operands } = node.attrs as { operands: [string, number | null][] };
  let next = 0;
  return operands.map(([name, constant]) => [name, constant ?? node.inputs[next++]!]);
}

/** One fused kernel for a gradient expression, then the sum over what was broadcast. */
function fused(
  op: string,
  expression: string,
  values: Record<string, Value>,
  input: Tensor,
  shape: readonly number[],
): Tensor {
  const named = Object.fromEntries(Object.entries(values).filter(([name]) => uses(expression, name)));
  if (expression === 'g') return sumTo(values.g as Tensor, input.shape);
  // A plain product stays one, so that gradients of gradients work where nothing else stands in between.
  const factor = /^g \* (\w)$/.exec(expression)?.[1];
  if (factor) return sumTo(mul(values.g!, values[factor]!), input.shape);
  return sumTo(pointwise(op, expression, named, shape), input.shape);
}

const ruleOf =
  (op: string, expressions: Record<string, string>): GradientRule =>
  ([g], node, wants) => {
    const operands = operandsOf(node);
    const [y] = node.outputs;
    const values: Record<string, Value> = { ...Object.fromEntries(operands), g: g!, y: y! };
    const tensors = operands.filter(([, value]) => typeof value !== 'number');
    return tensors.map(([name, input], i) => {
      const expression = expressions[name];
      return wants[i] && expression ? fused(`${op}Grad`, expression, values, input as Tensor, y!.shape) : null;
    });
  };

export const pointwiseGradients: Record<string, GradientRule> = Object.fromEntries(
  Object.entries(EXPRESSIONS).map(([op, expressions]) => [op, ruleOf(op, expressions)]),
);

/** Gradients of the losses before the division by n: g is the loss's own gradient, a scalar. */
const LOSSES: Record<string, Record<string, string>> = {
  l1Loss: { a: 'g * k * sign(a - b)', b: 'g * k * sign(b - a)' },
  mseLoss: { a: 'g * k * 2.0 * (a - b)', b: 'g * k * 2.0 * (b - a)' },
  bceWithLogits: { a: 'g * k * (1.0 / (1.0 + exp(-clamp(a, -88.0, 88.0))) - b)', b: '-g * k * a' },
  hingeLoss: { a: 'select(0.0, -g * k * b, b * a < 1.0)' },
};

const lossRule =
  (op: string, expressions: Record<string, string>): GradientRule =>
  ([g], node, wants) => {
    const { map, factor } = node.attrs as { map: { operands: [string, number | null][] }; factor: number };
    const operands = operandsOf({ ...node, attrs: map });
    const values: Record<string, Value> = { ...Object.fromEntries(operands), g: g!, k: factor };
    const tensors = operands.filter(([, value]) => typeof value !== 'number');
    return tensors.map(([name, input], i) =>
      wants[i] && expressions[name]
        ? fused(`${op}Grad`, expressions[name]!, values, input as Tensor, (input as Tensor).shape)
        : null,
    );
  };

export const lossGradients: Record<string, GradientRule> = Object.fromEntries(
  Object.entries(LOSSES).map(([op, expressions]) => [op, lossRule(op, expressions)]),
);
