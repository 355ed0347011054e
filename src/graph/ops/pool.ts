import {
  type AverageWindow,
  avgPool,
  avgPoolGrad,
  maxPool,
  maxPoolGrad,
  upsampleNearest,
  type Window,
} from '../../kernels/pool.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Op, operand, type Tensor } from '../tensor.js';
import { knownOptions, type Pair, pair } from './options.js';
import { type AvgPoolOptions, flag, type MaxPoolOptions, OPTIONS, windowOf } from './windows.js';

const pooled = ({ shape }: Tensor, { outHeight, outWidth }: Window): number[] => [
  ...shape.slice(0, 2),
  outHeight,
  outWidth,
];

const average: Op<AverageWindow> = {
  name: 'avgPool2d',
  lower: ({ inputs: [x], outputs: [y], attrs }, plan) =>
    launchPlanes(plan, { x: x!, y: y! }, (range) => avgPool(range, attrs)),
};

/** Averages over windows that are checked already. */
export const averageOver = (x: Tensor, window: AverageWindow): Tensor =>
  apply(average, [x], window, { shape: pooled(x, window) })[0]!;

/** Mean of every window over the planes of x [N, C, H, W]. `torch.nn.functional.avg_pool2d`. */
export function avgPool2d(x: Tensor, options: AvgPoolOptions): Tensor {
  const op = 'avgPool2d';
  knownOptions(op, options, [...OPTIONS, 'countIncludePad']);
  const padded = flag(op, 'countIncludePad', options.countIncludePad ?? true);
  return averageOver(x, { ...windowOf(op, x, options), divisor: padded ? 'padded' : 'cells' });
}

const averageBack: Op<AverageWindow> = {
  name: 'avgPool2dGrad',
  lower: ({ inputs: [dy], outputs: [dx], attrs }, plan) =>
    launchPlanes(plan, { dy: dy!, dx: dx! }, (range) => avgPoolGrad(range, attrs)),
};

/** Every cell's share of the windows' gradients. */
export const avgPoolBack = (dy: Tensor, x: Pick<Tensor, 'shape'>, window: AverageWindow): Tensor =>
  apply(averageBack, [dy], window, { shape: x.shape })[0]!;

const largest: Op<Window> = {
  name: 'maxPool2d',
  lower: ({ inputs: [x], outputs: [y], attrs }, plan) =>
    launchPlanes(plan, { x: x!, y: y! }, (range) => maxPool(range, attrs)),
};

/**
 * Largest value of every window over the planes of x [N, C, H, W]; NaN where the window holds one.
 * `torch.nn.functional.max_pool2d`; the gradient goes to the first of equal maxima.
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions): Tensor {
  knownOptions('maxPool2d', options, OPTIONS);
  const { bottom: _, right: __, ...window } = windowOf('maxPool2d', x, options);
  return apply(largest, [x], window, { shape: pooled(x, window) })[0]!;
}

const largestBack: Op<Window> = {
  name: 'maxPool2dGrad',
  lower: ({ inputs: [dy, x], outputs: [dx], attrs }, plan) =>
    launchPlanes(plan, { dy: dy!, x: x!, dx: dx! }, (range) => maxPoolGrad(range, attrs)),
};

/** Hands every window's gradient to its winner. */
export const maxPoolBack = (dy: Tensor, x: Tensor, window: Window): Tensor =>
  apply(largestBack, [dy, x], window, { shape: x.shape })[0]!;

const enlarge: Op<{ factor: readonly [number, number] }> = {
  name: 'upsampleNearest2d',
  lower({ inputs: [x], outputs: [y], attrs }, plan) {
    const [, , height, width] = x!.shape as [number, number, number, number];
    const [factorH, factorW] = attrs.factor;
    const sizes = { height, width, factorH, factorW };
    return launchPlanes(plan, { x: x!, y: y! }, (range) => upsampleNearest(range, sizes));
  },
};

/** Every pixel of x [N, C, H, W] becomes a block of `factor` pixels. `torch.nn.UpsamplingNearest2d`, whole factors only. */
export function upsampleNearest2d(x: Tensor, factor: Pair): Tensor {
  const op = 'upsampleNearest2d';
  const [n, c, height, width] = operand(op, 'x', x, { rank: 4 }).shape as [number, number, number, number];
  const [factorH, factorW] = pair(op, 'factor', factor, 1);
  const shape = [n, c, height * factorH, width * factorW];
  return apply(enlarge, [x], { factor: [factorH, factorW] }, { shape })[0]!;
}
