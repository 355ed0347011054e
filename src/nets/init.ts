import { sizeOf } from '../graph/chunks.js';
import type { Parameter, Role } from './parameters.js';

/** Uniform in [0, 1). */
export type Random = () => number;

/** Standard deviation of all weights, and of batch norm's scales around 1. */
const DEVIATION = 0.02;

/** Box–Muller: two normal numbers from two uniform ones; 1 − u keeps the logarithm's argument above 0. */
function fillNormal(values: Float32Array, random: Random, mean: number): void {
  for (let i = 0; i < values.length; i += 2) {
    const radius = DEVIATION * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[i] = mean + radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = mean + radius * Math.sin(angle);
  }
}

/** The framework's own default, which the reference leaves to the biases. */
function fillBias(values: Float32Array, random: Random, fanIn: number): void {
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound;
}

type Fill = (values: Float32Array, random: Random, fanIn: number) => unknown;

const FILL: Record<Role, Fill> = {
  weight: (values, random) => fillNormal(values, random, 0),
  bias: fillBias,
  scale: (values, random) => fillNormal(values, random, 1),
  shift: (values) => values,
  mean: (values) => values,
  variance: (values) => values.fill(1),
  count: (values) => values,
};

/**
 * First values of a parameter as the reference draws them: weights from N(0, 0.02²), convolution biases uniform within ±1/√fanIn, batch
 * norm scales from N(1, 0.02²), the rest constant.
 */
export function initialValues({ shape, role, fanIn }: Parameter, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  FILL[role](values, random, fanIn);
  return values;
}
