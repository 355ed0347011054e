// D's look at the pictures of a step.

import { concat, grad, reshape, type Tensor } from '../engine.js';
import { gradOfFirst } from '../graph/autograd.js';
import { sizeOf } from '../graph/chunks.js';
import { channelsOf } from '../graph/gradients/channels.js';
import { split } from '../graph/ops/shape.js';
import type { Maps } from '../nets/discriminator.js';
import type { Net } from '../nets/parameters.js';

/** A picture beside what it was painted from: f32 [N, C, H, W] of one N, H and W. */
export interface Pair {
  condition: Tensor;
  picture: Tensor;
}

export interface Verdicts {
  /** Of the step's fake: what G learns from. */
  fake: Maps;
  real: Maps;
  /** Of the fake that D learns from: an earlier one where there is a pool. */
  judged: Maps;
  /** Gradient in the step's fake of a scalar that depends on D's maps of it alone. */
  inFake(scalar: Tensor): Tensor;
}

/** Elements of two pairs up to which they are judged as one: larger maps gain little by it, and need both pictures' gradients at once. */
const MOST_TOGETHER = 2 ** 23;

const pairOf = ({ condition, picture }: Pair): Tensor => concat([condition, picture], 1);

/** Pairs as one batch [2N, C, H, W], in order, each tensor copied once: samples lie behind each other. */
function batchOf(pairs: readonly Pair[]): Tensor {
  const samples = pairs.flatMap(({ condition, picture }) => {
    const pictures = split(picture, 1);
    return split(condition, 1).flatMap((one, i) => [one, pictures[i]!]);
  });
  const [{ condition, picture }] = pairs as [Pair];
  const [n, channels, ...plane] = condition.shape as [number, number, ...number[]];
  return reshape(concat(samples, 1), [pairs.length * n, channels + picture.shape[1]!, ...plane]);
}

const treatsSamplesAlone = ({ parameters }: Net<Maps>): boolean =>
  parameters.every(({ role }) => role === 'weight' || role === 'bias');

/**
 * The pairs that D learns from go through it as one batch where it treats samples by themselves (no batch norm): half the kernels, weights
 * put in their order once, and one sum for each of their gradients. The way back to G's picture goes through the fake's half alone.
 */
export function verdictsOf(
  net: Net<Maps>,
  judge: (pair: Tensor) => Maps,
  { fake, real, pooled }: { fake: Pair; real: Pair; pooled?: Pair },
  most = MOST_TOGETHER,
): Verdicts {
  const other = pooled ?? fake;
  const n = fake.picture.shape[0]!;
  const pictureIn = { first: fake.condition.shape[1]!, count: fake.picture.shape[1]! };
  const size = sizeOf(fake.condition.shape) + sizeOf(fake.picture.shape);
  const alone = (pair: Pair): Maps => judge(pairOf(pair));
  const inFake = (scalar: Tensor): Tensor => grad(scalar, [fake.picture])[0]!;
  if (!treatsSamplesAlone(net) || 2 * size > most) {
    const ofFake = alone(fake);
    return { fake: ofFake, real: alone(real), judged: pooled ? alone(pooled) : ofFake, inFake };
  }
  const batch = batchOf([other, real]);
  const halves = judge(batch).map((maps) => maps.map((map) => split(map, n)));
  const half = (which: 0 | 1): Maps => halves.map((maps) => maps.map((parts) => parts[which]!));
  const [judged, ofReal] = [half(0), half(1)];
  if (pooled) return { fake: alone(fake), real: ofReal, judged, inFake };
  return {
    fake: judged,
    real: ofReal,
    judged,
    inFake: (scalar) => channelsOf(gradOfFirst(scalar, batch, n), pictureIn),
  };
}
