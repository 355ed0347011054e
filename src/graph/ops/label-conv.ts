import { areaOf, type ConvShape, packKernel } from '../../kernels/conv.js';
import { labelConv, labelConvWeight, labelPacking, partsOf } from '../../kernels/label-conv.js';
import { packWeights } from '../lower/conv-packed.js';
import { meetings, slicesOf, view } from '../lower/slices.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, type Tensor } from '../tensor.js';
import { attrsOf, type Conv2dOptions, extentOf } from './conv-options.js';
import type { ConvAttrs } from './convolve.js';
import { idMap } from './ids.js';
import { sum } from './reduce.js';
import { reshape } from './shape.js';

type Size = readonly [number, number];

interface LabelAttrs extends ConvAttrs {
  classes: number;
  kernel: Size;
}

const sizeOf = ({ shape }: Tensor): Size => [shape[2]!, shape[3]!];

/** The convolution of the one-hot planes, from the attributes and the map's and the result's shapes. */
const shapeOf = (
  ids: Tensor,
  { shape }: Tensor,
  { classes, kernel, ...attrs }: LabelAttrs,
  output: Size,
): ConvShape => ({
  images: ids.shape[0]!,
  groups: 1,
  inputs: classes,
  outputs: shape[1]!,
  input: sizeOf(ids),
  output,
  kernel,
  stride: attrs.stride,
  dilation: attrs.dilation,
  padding: [attrs.padding[0], attrs.padding[1]],
  reflect: attrs.reflect,
  transposed: false,
});

function lower({ inputs: [ids, w], outputs: [out], attrs }: Node<LabelAttrs>, plan: Lowering): Launch[] {
  const shape = shapeOf(ids!, out!, attrs, sizeOf(out!));
  const packing = labelPacking(shape);
  // A block's weights are a plane, which is never cut: whole and split programs add in the same order.
  const packed = plan.scratch([packing.blocks, 1, attrs.classes * areaOf(attrs.kernel) * packing.oc]);
  const packs = packWeights(plan, w!, packed, (parts) => packKernel(shape, packing, parts));
  const sums = meetings(slicesOf(plan, out!), slicesOf(plan, ids!)).flatMap(({ a: os, b: is, image0, images }) =>
    slicesOf(plan, packed).map((ws): Launch => {
      const parts = { image0, images, idsBase: is.chunk.base, w: ws.planes, out: os.planes };
      const operands = { ids: view(ids!, is.chunk), w: view(packed, ws.chunk), out: view(out!, os.chunk) };
      return { kernel: labelConv(shape, packing, parts), operands };
    }),
  );
  return [...packs, ...sums];
}

const labelConvOp: Op<LabelAttrs> = { name: 'labelConv2d', emit: 1, lower };

/** Its sums are added to and read again: they stay f32. */
const labelConvWeightOp: Op<LabelAttrs> = {
  name: 'labelConvWeight',
  exact: true,
  lower({ inputs: [ids, dy], outputs: [sums], attrs }, plan) {
    const shape = shapeOf(ids!, dy!, attrs, sizeOf(dy!));
    return launchPlanes(plan, { ids: ids!, dy: dy!, sums: sums! }, (range) => labelConvWeight(range, shape));
  },
};

/** ids i32 [N, 1, H, W], dy [N, O, OH, OW] → gradient [O, classes, kh, kw] of labelConv2d's weights. */
export function labelWeight(ids: Tensor, dy: Tensor, attrs: LabelAttrs): Tensor {
  const { parts } = partsOf(shapeOf(ids, dy, attrs, sizeOf(dy)));
  const [n, outputs] = dy.shape as [number, number];
  const count = attrs.classes * areaOf(attrs.kernel);
  const sums = apply(labelConvWeightOp, [ids, dy], attrs, { shape: [n, outputs, parts, count] })[0]!;
  return reshape(sum(sums, [0, 2]), [outputs, attrs.classes, ...attrs.kernel]);
}

/**
 * conv2d(oneHot(ids, classes), w) by looking weights up: sums of taps, where the planes would be mostly products with zero.
 * @param ids i32 [N, 1, H, W]; ids outside 0…classes−1 add nothing
 * @param w f32 [O, classes, kh, kw]
 * @param options as conv2d's, without groups and dilation
 * @returns f32 [N, O, OH, OW], sizes as conv2d's
 * @throws GraphError where a shape or an option does not fit
 */
export function labelConv2d(ids: Tensor, w: Tensor, options: Omit<Conv2dOptions, 'groups' | 'dilation'> = {}): Tensor {
  const op = 'labelConv2d';
  idMap(op, 'ids', ids);
  operand(op, 'w', w, { rank: 4 });
  const attrs = attrsOf(op, options, ['stride', 'padding', 'paddingMode'], 1);
  const [outputs, classes] = w.shape as [number, number];
  const size = ([0, 1] as const).map((axis) => extentOf(op, ids, w, attrs, axis));
  const all: LabelAttrs = { ...attrs, classes, kernel: sizeOf(w) };
  return apply(labelConvOp, [ids, w], all, { shape: [ids.shape[0]!, outputs, ...size] })[0]!;
}
