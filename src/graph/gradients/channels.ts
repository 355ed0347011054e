import { add } from '../ops/activations.js';
import { type ConvAttrs, convolve, convolveTransposed } from '../ops/convolve.js';
import { reflectionPadGrad } from '../ops/pad.js';
import { avgPoolBack } from '../ops/pool.js';
import { slice } from '../ops/shape.js';
import type { Node, Tensor } from '../tensor.js';

/** Channels `first` … `first + count − 1` of [N, C, …]. */
interface Range {
  first: number;
  count: number;
}

function cut(x: Tensor, axis: 0 | 1, { first, count }: Range): Tensor {
  const starts = x.shape.map((_, d) => (d === axis ? first : 0));
  return slice(
    x,
    starts,
    x.shape.map((size, d) => (d === axis ? count : size)),
  );
}

const planeOf = ({ shape }: Tensor): [number, number] => [shape[2]!, shape[3]!];

type Rule = (node: Node<any>, range: Range) => Tensor | undefined;

/** A convolution of the weights of those output channels alone. */
const convolution =
  (axis: 0 | 1, apply: typeof convolve): Rule =>
  ({ inputs: [x, w, b], outputs: [y], attrs }: Node<ConvAttrs>, range) =>
    attrs.groups === 1 && !b ? apply(x!, cut(w!, axis, range), null, attrs, planeOf(y!)) : undefined;

/** Ops that compute channels one by one, by name: the same op on less. */
const RULES: Record<string, Rule> = {
  conv2d: convolution(0, convolve),
  convTranspose2d: convolution(1, convolveTransposed),
  add: ({ inputs: [a, b] }, range) =>
    a && b && a.shape.join() === b.shape.join() ? add(channelsOf(a, range), channelsOf(b, range)) : undefined,
  reflectionPad2dGrad: ({ inputs: [dy], attrs }, range) => reflectionPadGrad(channelsOf(dy!, range), attrs.padding),
  avgPool2dGrad: ({ inputs: [dy], outputs: [dx], attrs }, { first, count }) => {
    const [n, , ...plane] = dx!.shape;
    return avgPoolBack(channelsOf(dy!, { first, count }), { shape: [n!, count, ...plane] }, attrs);
  },
};

/**
 * A range of a gradient's channels, computed without the others where every op up to it allows: a discriminator's gradient of 39
 * channels is wanted for the 3 of the picture. The same bits as a slice of the whole, which nothing else may read: it would
 * then be computed twice.
 */
export const channelsOf = (g: Tensor, range: Range): Tensor =>
  (g.shape.length === 4 && RULES[g.node.op.name]?.(g.node, range)) || cut(g, 1, range);
