import type { ConvShape, Size } from '../../kernels/conv.js';
import { lowerBy } from '../lower/candidates.js';
import { CONVOLUTIONS, WEIGHT_GRADIENTS } from '../lower/families.js';
import { tunableOf } from '../lower/tunable.js';
import { apply, type Lowering, type Node, type Op, type Tensor } from '../tensor.js';
import type { Sides } from './options.js';

// The ops of convolutions. Output sizes are explicit, so that each role's gradients are the other roles.

/** What all roles of a convolution share; sizes are those of the operands. */
export interface ConvAttrs {
  stride: Size;
  dilation: Size;
  padding: Sides;
  groups: number;
  reflect: boolean;
}

export const conv2dOp: Op<ConvAttrs> = {
  name: 'conv2d',
  emit: 0,
  lower: (node, plan) => lowerBy(CONVOLUTIONS, plan, node, shapeOf(node, false)),
  tunable: (node, ...setting) => tunableOf(CONVOLUTIONS, node, shapeOf(node, false), ...setting),
};
export const convTranspose2dOp: Op<ConvAttrs> = {
  name: 'convTranspose2d',
  emit: 0,
  lower: (node, plan) => lowerBy(CONVOLUTIONS, plan, node, shapeOf(node, true)),
  tunable: (node, ...setting) => tunableOf(CONVOLUTIONS, node, shapeOf(node, true), ...setting),
};
const lowerWeight = (node: Node<ConvAttrs>, plan: Lowering) =>
  lowerBy(WEIGHT_GRADIENTS, plan, node, weightShapeOf(node));
const tunableWeight: Op<ConvAttrs>['tunable'] = (node, ...setting) =>
  tunableOf(WEIGHT_GRADIENTS, node, weightShapeOf(node), ...setting);
export const convWeightOp: Op<ConvAttrs> = { name: 'convWeight', lower: lowerWeight, tunable: tunableWeight };
/** The same for a reader that halves would not do for. Written out, or builds that only paint would keep it. */
const exactWeightOp: Op<ConvAttrs> = { name: 'convWeight', exact: true, lower: lowerWeight, tunable: tunableWeight };

const sizeOf = ({ shape }: Tensor): Size => [shape[2]!, shape[3]!];

/** A convolution of x to `out` with weights w, whichever of them its op computes. */
function shapeWith(
  { groups, padding, stride, dilation, reflect }: ConvAttrs,
  x: Tensor,
  w: Tensor,
  out: Tensor,
  transposed: boolean,
): ConvShape {
  return {
    images: x.shape[0]!,
    groups,
    inputs: x.shape[1]! / groups,
    outputs: out.shape[1]! / groups,
    input: sizeOf(x),
    output: sizeOf(out),
    kernel: sizeOf(w),
    stride,
    dilation,
    padding: [padding[0], padding[1]],
    reflect,
    transposed,
  };
}

const shapeOf = ({ inputs: [x, w], outputs: [out], attrs }: Node<ConvAttrs>, transposed: boolean): ConvShape =>
  shapeWith(attrs, x!, w!, out!, transposed);

const weightShapeOf = ({ inputs: [x, dy], outputs: [dw], attrs }: Node<ConvAttrs>): ConvShape =>
  shapeWith(attrs, x!, dw!, dy!, false);

const operands = (x: Tensor, w: Tensor, b: Tensor | null): Tensor[] => (b ? [x, w, b] : [x, w]);

/** x [N, G·I, H, W], w [G·O, I, kh, kw] → [N, G·O, ...size]. */
export const convolve = (x: Tensor, w: Tensor, b: Tensor | null, attrs: ConvAttrs, size: Size): Tensor =>
  apply(conv2dOp, operands(x, w, b), attrs, { shape: [x.shape[0]!, w.shape[0]!, ...size] })[0]!;

/** x [N, G·I, H, W], w [G·I, O, kh, kw] → [N, G·O, ...size]; tap k of pixel i falls on i·stride − padding + k·dilation. */
export const convolveTransposed = (x: Tensor, w: Tensor, b: Tensor | null, attrs: ConvAttrs, size: Size): Tensor =>
  apply(convTranspose2dOp, operands(x, w, b), attrs, { shape: [x.shape[0]!, w.shape[1]! * attrs.groups, ...size] })[0]!;

/** x [N, G·I, H, W], dy [N, G·O, OH, OW] → gradient [G·O, I, ...kernel] of the weights of conv2d. */
export const convWeight = (x: Tensor, dy: Tensor, attrs: ConvAttrs, kernel: Size): Tensor =>
  apply(convWeightOp, [x, dy], attrs, { shape: [dy.shape[1]!, x.shape[1]! / attrs.groups, ...kernel] })[0]!;

/** Whether a tensor is such a gradient and larger than the operands that it is made of. */
export function isCheapLater({ node, shape }: Tensor): boolean {
  const sizes = [...node.inputs.map((operand) => operand.shape), shape].map((each) => each.reduce((a, b) => a * b, 1));
  return node.op === convWeightOp && sizes[0]! + sizes[1]! < sizes[2]!;
}

/** Such a gradient made anew: after all that is in the graph by now, and stored as f32. */
export const madeLater = ({ node, shape }: Tensor): Tensor =>
  apply(exactWeightOp, node.inputs, node.attrs as ConvAttrs, { shape })[0]!;
