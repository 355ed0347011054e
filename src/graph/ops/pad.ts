import { type Frame, foldReflection, reflectPlanes } from '../../kernels/pad.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { type Padding, type Sides, sides } from './options.js';
import { embed } from './shape.js';

interface PadAttrs {
  padding: Sides;
}

/** The smaller planes inside the padded ones. */
function frameOf(inner: Tensor, outer: Tensor, [top, left]: Sides): Frame {
  const [, , height, width] = inner.shape as [number, number, number, number];
  const [, , outHeight, outWidth] = outer.shape as [number, number, number, number];
  return { height, width, outHeight, outWidth, top, left };
}

/** x's shape with its planes grown by the padding, or shrunk for `sign` −1. */
const framed = ({ shape }: Tensor, [top, left, bottom, right]: Sides, sign = 1): number[] => [
  ...shape.slice(0, 2),
  shape[2]! + sign * (top + bottom),
  shape[3]! + sign * (left + right),
];

const reflection: Op<PadAttrs> = {
  name: 'reflectionPad2d',
  lower({ inputs: [x], outputs: [y], attrs }, plan) {
    const frame = frameOf(x!, y!, attrs.padding);
    return launchPlanes(plan, { x: x!, y: y! }, (range) => reflectPlanes(range, frame));
  },
};

/**
 * Surrounds the planes of x [N, C, H, W] with their mirror image, the edge not repeated. `torch.nn.ReflectionPad2d`.
 * @param padding number, [h, w] or [top, left, bottom, right], each smaller than the side it mirrors
 */
export function reflectionPad2d(x: Tensor, padding: Padding): Tensor {
  const op = 'reflectionPad2d';
  const { shape } = operand(op, 'x', x, { rank: 4 });
  const checked = sides(op, 'padding', padding);
  checked.forEach((side, i) => {
    const size = shape[2 + (i % 2)]!;
    if (side >= size) refuse(op, 'padding', side, `less than the ${i % 2 ? 'width' : 'height'} of x, ${size}`);
  });
  return apply(reflection, [x], { padding: checked }, { shape: framed(x, checked) })[0]!;
}

const fold: Op<PadAttrs> = {
  name: 'reflectionPad2dGrad',
  emit: 4,
  lower({ inputs: [dy], outputs: [dx], attrs }, plan) {
    const frame = frameOf(dx!, dy!, attrs.padding);
    return launchPlanes(plan, { dy: dy!, dx: dx! }, (range) => foldReflection(range, frame));
  },
};

/** Adds the mirrored borders of dy [N, C, top + H + bottom, left + W + right] back to where they came from: [N, C, H, W]. */
export const reflectionPadGrad = (dy: Tensor, padding: Sides): Tensor =>
  apply(fold, [dy], { padding }, { shape: framed(dy, padding, -1) })[0]!;

/**
 * Surrounds the planes of x [N, C, H, W] with zeros. `torch.nn.ZeroPad2d`.
 * @param padding number, [h, w] or [top, left, bottom, right]
 */
export function zeroPad2d(x: Tensor, padding: Padding): Tensor {
  operand('zeroPad2d', 'x', x, { rank: 4 });
  const checked = sides('zeroPad2d', 'padding', padding);
  return embed(x, framed(x, checked), [0, 0, checked[0], checked[1]]);
}
