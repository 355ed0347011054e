import type { WeightShape } from '../../kernels/conv-weight.js';
import type { Node } from '../tensor.js';

// Small applications of a convolution's kind, on which candidates are checked. Sizes are replaced by value, so whatever else
// an op takes or gives for every channel or pixel fits too.

/** Odd, and more than a tile of any candidate in one direction at least. */
const MOST_CHANNELS = { inputs: 21, outputs: 35 };
const MOST_PIXELS = [9, 21] as const;

/** Sizes that are replaced, by what. */
type Sizes = ReadonlyMap<number, number>;

/** Groups keep their channels, since groups times channels would have to stay whole. */
function channelsOf({ groups, inputs, outputs }: WeightShape): Sizes {
  if (groups > 1) return new Map();
  const ofInputs = inputs === outputs ? MOST_CHANNELS.outputs : MOST_CHANNELS.inputs;
  return new Map([
    [inputs, Math.min(inputs, ofInputs)],
    [outputs, Math.min(outputs, MOST_CHANNELS.outputs)],
  ]);
}

/** Along an axis: fewer outputs, and as many inputs less as those took. */
function pixelsOf({ input, output, kernel, stride, dilation, ...shape }: WeightShape, axis: 0 | 1): Sizes {
  const { transposed = false } = shape as { transposed?: boolean };
  const [coarse, fine] = transposed ? [input[axis], output[axis]] : [output[axis], input[axis]];
  const less = Math.max(0, coarse - MOST_PIXELS[axis]);
  const left = fine - less * stride[axis];
  const same = left < (kernel[axis] - 1) * dilation[axis] + 1;
  return same ? new Map() : new Map([[coarse, coarse - less], [fine, left]]); // biome-ignore format: pairs
}

/** @param weights the node's operand or result that is [O, I, kh, kw], whose last axes are no pixels */
export function smallShapes({ inputs, outputs }: Node, shape: WeightShape, weights: unknown) {
  const channels = channelsOf(shape);
  const pixels = [pixelsOf(shape, 0), pixelsOf(shape, 1)] as const;
  const smaller = (tensor: { shape: readonly number[] }): number[] =>
    tensor.shape.map((size, axis) => {
      if (axis < 2) return channels.get(size) ?? size;
      return tensor === weights ? size : (pixels[axis - 2]?.get(size) ?? size);
    });
  return { inputs: inputs.map(smaller), outputs: outputs.map(smaller) };
}
