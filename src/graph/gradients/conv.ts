import { type ConvAttrs, convolve, convolveTransposed, convWeight } from '../ops/convolve.js';
import { reflectionPadGrad } from '../ops/pad.js';
import { sum } from '../ops/reduce.js';
import type { Node, Tensor } from '../tensor.js';
import type { GradientRule } from './rule.js';

/**
 * The three roles of a convolution are each other's gradients: y = conv2d(x, w), x-like = convTranspose2d(y-like, w),
 * w-like = convWeight(x-like, y-like), where "like" means of that operand's shape. Sizes are explicit, so rows and columns
 * that a stride leaves over come out right.
 */

const planeSize = ({ shape }: Tensor): readonly [number, number] => [shape[2]!, shape[3]!];

/** x-like from y-like: under reflection, onto the padded plane, whose border then folds back. */
function adjoint(y: Tensor, w: Tensor, x: Tensor, attrs: ConvAttrs): Tensor {
  const [height, width] = planeSize(x);
  if (!attrs.reflect) return convolveTransposed(y, w, null, attrs, [height, width]);
  const [top, left, bottom, right] = attrs.padding;
  const unpadded: ConvAttrs = { ...attrs, reflect: false, padding: [0, 0, 0, 0] };
  const padded = convolveTransposed(y, w, null, unpadded, [top + height + bottom, left + width + right]);
  return reflectionPadGrad(padded, attrs.padding);
}

const biasGradient = (dy: Tensor): Tensor => sum(dy, [0, 2, 3]);

type Rule = (dy: Tensor, inputs: readonly Tensor[], attrs: ConvAttrs) => (() => Tensor)[];

/** A rule from one thunk an input; those that nobody wants are never called. */
const lazily =
  (rule: Rule): GradientRule =>
  ([dy], node: Node<ConvAttrs>, wants) => {
    if (!dy) return node.inputs.map(() => null);
    return rule(dy, node.inputs, node.attrs)
      .map((gradient, i) => (wants[i] ? gradient() : null))
      .slice(0, node.inputs.length);
  };

export const convGradients: Record<string, GradientRule> = {
  conv2d: lazily((dy, [x, w], attrs) => [
    () => adjoint(dy, w!, x!, attrs),
    () => convWeight(x!, dy, attrs, planeSize(w!)),
    () => biasGradient(dy),
  ]),
  convTranspose2d: lazily((dy, [x, w], attrs) => [
    () => convolve(dy, w!, null, attrs, planeSize(x!)),
    () => convWeight(dy, x!, attrs, planeSize(w!)),
    () => biasGradient(dy),
  ]),
  convWeight: lazily((dw, [x, y], attrs) => [
    () => adjoint(y!, dw, x!, attrs),
    () => convolve(x!, dw, null, attrs, planeSize(y!)),
  ]),
};
