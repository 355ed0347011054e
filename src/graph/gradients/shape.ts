import { full } from '../ops/pointwise.js';
import { expand } from '../ops/reduce.js';
import { embed, concat as joined, reshape, slice } from '../ops/shape.js';
import type { Tensor } from '../tensor.js';
import { channelsOf } from './channels.js';
import type { GradientRule } from './rule.js';

/** Shape of a sum's result with the reduced axes kept as 1, so that it broadcasts against the operand. */
function keptShape(x: Tensor, axes: readonly number[]): number[] {
  return x.shape.map((size, d) => (axes.includes(d) ? 1 : size));
}

const sum: GradientRule = ([g], { inputs, attrs }) => {
  const [x] = inputs as [Tensor];
  const { axes, factor } = attrs as { axes: number[]; factor: number };
  return [expand(reshape(g!, keptShape(x, axes)), x.shape, factor)];
};

const concat: GradientRule = ([g], { inputs, attrs }, wants) => {
  const { axis } = attrs as { axis: number };
  let at = 0;
  return inputs.map((x, i) => {
    const starts = x.shape.map((_, d) => (d === axis ? at : 0));
    const first = at;
    at += x.shape[axis]!;
    if (!wants[i]) return null;
    // Where one part alone is wanted, the others need not be computed.
    const alone = axis === 1 && wants.filter((wanted) => wanted).length === 1;
    return alone ? channelsOf(g!, { first, count: x.shape[1]! }) : slice(g!, starts, x.shape);
  });
};

/** Of the first part alone where the operand stands for no more than that (`gradOfFirst`). */
const split: GradientRule = (gs, { inputs: [x], outputs }) => {
  const [first] = outputs as [Tensor];
  if (x!.shape[0] === first.shape[0]) return [gs[0]!];
  return [
    joined(
      gs.map((g, i) => g ?? full(outputs[i]!.shape, 0)),
      0,
    ),
  ];
};

export const shapeGradients: Record<string, GradientRule> = {
  sum,
  reshape: ([g], { inputs }) => [reshape(g!, inputs[0]!.shape)],
  slice: ([g], { inputs, attrs }) => [embed(g!, inputs[0]!.shape, (attrs as { starts: number[] }).starts)],
  embed: ([g], { inputs, attrs }) => [slice(g!, (attrs as { starts: number[] }).starts, inputs[0]!.shape)],
  concat,
  split,
};
