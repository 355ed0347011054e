import {
  add,
  concat,
  conv2d,
  div,
  maxPool2d,
  mean,
  relu,
  scale,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '../engine.js';
import type { Lookup, Parameter } from './parameters.js';

/** One convolution: outputs, side of its kernel, stride, padding. */
type Conv = readonly [outputs: number, side: number, stride: number, padding: number];

/** What lies between two taps: a pool, but for the first ones, then convolutions with a ReLU each. */
interface Stage {
  pooled: boolean;
  convs: readonly Conv[];
}

interface Backbone {
  stages: readonly Stage[];
  /** Side of the pools, whose stride is 2. */
  pool: number;
  /** The smallest side of a picture that leaves something for the last stage. */
  least: number;
}

const plain = (count: number, outputs: number): Conv[] => Array.from({ length: count }, () => [outputs, 3, 1, 1]);
const stage = (pooled: boolean, ...convs: Conv[]): Stage => ({ pooled, convs });

/** torchvision's AlexNet and VGG16, without what follows their last tap. */
export const BACKBONES = {
  alex: {
    stages: [
      stage(false, [64, 11, 4, 2]),
      stage(true, [192, 5, 1, 2]),
      stage(true, ...plain(1, 384)),
      stage(false, ...plain(1, 256)),
      stage(false, ...plain(1, 256)),
    ],
    pool: 3,
    least: 31,
  },
  vgg: {
    stages: [
      stage(false, ...plain(2, 64)),
      stage(true, ...plain(2, 128)),
      stage(true, ...plain(3, 256)),
      stage(true, ...plain(3, 512)),
      stage(true, ...plain(3, 512)),
    ],
    pool: 2,
    least: 16,
  },
} as const satisfies Record<string, Backbone>;

export type BackboneName = keyof typeof BACKBONES;

interface Layer {
  /** torchvision's: by place in its sequence, where a convolution, a ReLU and a pool take an index each. */
  name: string;
  inputs: number;
  conv: Conv;
  pooled: boolean;
  tap: boolean;
}

function layersOf({ stages }: Backbone): Layer[] {
  let [index, inputs] = [0, 3];
  return stages.flatMap(({ pooled, convs }) =>
    convs.map((conv, i) => {
      const first = pooled && i === 0;
      if (first) index++;
      const layer = { name: `features.${index}`, inputs, conv, pooled: first, tap: i === convs.length - 1 };
      index += 2;
      inputs = conv[0];
      return layer;
    }),
  );
}

const linear = (stage: number): string => `lin${stage}.model.1.weight`;

const frozen = (name: string, shape: number[], role: 'weight' | 'bias'): Parameter => ({
  name,
  shape,
  role,
  fanIn: shape.slice(1).reduce((a, b) => a * b, 1),
  trained: false,
});

/** Tensors of the backbone, by torchvision's names. */
export const backboneParameters = (name: BackboneName): Parameter[] =>
  layersOf(BACKBONES[name]).flatMap(({ name, inputs, conv: [outputs, side] }) => [
    frozen(`${name}.weight`, [outputs, inputs, side, side], 'weight'),
    frozen(`${name}.bias`, [outputs], 'bias'),
  ]);

/** Weights of the channels of every tap, by the names in richzhang's package. */
export const linearParameters = (name: BackboneName): Parameter[] =>
  BACKBONES[name].stages.map(({ convs }, i) => frozen(linear(i), [1, convs.at(-1)![0], 1, 1], 'weight'));

/** ImageNet's mean and deviation of each channel as that package has them, of pictures in [−1, 1]. */
const SHIFT = [-0.03, -0.088, -0.188];
const SCALE = [0.458, 0.448, 0.45];

function scaled(x: Tensor): Tensor {
  const [n, , height, width] = x.shape as [number, number, number, number];
  const channel = (shift: number, c: number) =>
    scale(sub(slice(x, [0, c, 0, 0], [n, 1, height, width]), shift), 1 / SCALE[c]!);
  return concat(SHIFT.map(channel), 1);
}

/** Every pixel's channels as a vector of length 1; zeros stay zeros. */
const unit = (x: Tensor): Tensor => div(x, add(sqrt(sum(square(x), [1], true)), 1e-10));

/** Weighted squared differences of the two pictures' channels at a tap, averaged over its pixels: a scalar. */
function tapDistance(tap: Tensor, weights: Tensor): Tensor {
  const units = unit(tap);
  const [, ...rest] = units.shape as [number, ...number[]];
  const of = (picture: number) => slice(units, [picture, 0, 0, 0], [1, ...rest]);
  return mean(conv2d(square(sub(of(0), of(1))), weights));
}

/**
 * LPIPS, version 0.1 (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, equation 1), without
 * dropout, as it is evaluated.
 * @param pair two pictures [2, 3, H, W] in [−1, 1], sides at least `least`
 * @returns their distance, a scalar; 0 for the same picture
 */
export function lpipsDistance(name: BackboneName, pair: Tensor, params: Lookup): Tensor {
  const { pool } = BACKBONES[name];
  const distances: Tensor[] = [];
  let y = scaled(pair);
  for (const { name: layer, conv, pooled, tap } of layersOf(BACKBONES[name])) {
    const [, , stride, padding] = conv;
    const from = pooled ? maxPool2d(y, { kernel: pool, stride: 2 }) : y;
    y = relu(conv2d(from, params(`${layer}.weight`), params(`${layer}.bias`), { stride, padding }));
    if (tap) distances.push(tapDistance(y, params(linear(distances.length))));
  }
  return distances.reduce((a, b) => add(a, b));
}
