import type { Mapping } from '../kernels/pointwise.js';
import type { Node, Tensor } from './tensor.js';

/** An elementwise function in WGSL: t0, t1, … are its tensors, k0, … its constants, v0, … what `lets` names in turn. */
export interface Expression {
  tensors: readonly Tensor[];
  constants: readonly number[];
  lets: readonly string[];
  result: string;
}

const NAMES = /\b([tkv])(\d+)\b/g;

/** The expression of an elementwise node under the names above; a tensor that stands twice is one. */
export function expressionOf({ inputs, attrs }: Node): Expression {
  const { lets = [], expression, operands } = attrs as Mapping;
  const tensors = [...new Set(inputs)];
  const constants = operands.flatMap(([, constant]) => (constant === null ? [] : [constant]));
  const [ofTensors, ofConstants] = [inputs[Symbol.iterator](), constants.keys()];
  const names = new Map(
    operands.map(([name, constant]) => [
      name,
      constant === null ? `t${tensors.indexOf(ofTensors.next().value!)}` : `k${ofConstants.next().value}`,
    ]),
  );
  const renamed = (text: string) => text.replace(/\b[a-z]\w*\b/g, (name) => names.get(name) ?? name);
  return { tensors, constants, lets: lets.map(renamed), result: renamed(expression) };
}

const placeIn = <T>(list: T[], item: T): number => {
  const found = list.findIndex((other) => Object.is(other, item));
  return found < 0 ? list.push(item) - 1 : found;
};

/** `outer` with `inner` in place of one of its tensors. */
export function inlined(outer: Expression, tensor: Tensor, inner: Expression): Expression {
  const tensors: Tensor[] = [];
  const constants: number[] = [];
  const lets: string[] = [];
  const add = (e: Expression, nameOf: (tensor: Tensor) => string): string => {
    const first = lets.length;
    const moved = (text: string) =>
      text.replace(NAMES, (_, kind: string, digits: string) => {
        const index = Number(digits);
        if (kind === 't') return nameOf(e.tensors[index]!);
        return kind === 'k' ? `k${placeIn(constants, e.constants[index]!)}` : `v${first + index}`;
      });
    for (const text of e.lets) lets.push(moved(text));
    return moved(e.result);
  };
  const named = (of: Tensor) => `t${placeIn(tensors, of)}`;
  const value = `v${lets.push(add(inner, named)) - 1}`;
  const result = add(outer, (of) => (of === tensor ? value : named(of)));
  return { tensors, constants, lets, result };
}

/** What an elementwise node of this expression has as attributes; its inputs are the tensors in the order given. */
export const attrsOf = ({ tensors, constants, lets, result }: Expression, order: readonly Tensor[]): Mapping => ({
  lets,
  expression: result,
  operands: [
    ...order.map((tensor): [string, null] => [`t${tensors.indexOf(tensor)}`, null]),
    ...constants.map((constant, k): [string, number] => [`k${k}`, constant]),
  ],
});
