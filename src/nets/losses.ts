import { add, bceWithLogits, detach, hingeLoss, l1Loss, mean, mseLoss, neg, scale, type Tensor } from '../engine.js';
import type { Maps } from './discriminator.js';

/** How a verdict map is scored: real and fake for the discriminator, and what the generator wants of its own. */
interface Criterion {
  real(x: Tensor): Tensor;
  fake(x: Tensor): Tensor;
  wish(x: Tensor): Tensor;
}

/**
 * `ls`: least squares, the reference's default. `bce`: what its `--no_lsgan` means, on logits: there the sigmoid is lost with feature
 * matching on. `hinge`: as later GANs.
 */
const CRITERIA = {
  ls: { real: (x) => mseLoss(x, 1), fake: (x) => mseLoss(x, 0), wish: (x) => mseLoss(x, 1) },
  bce: { real: (x) => bceWithLogits(x, 1), fake: (x) => bceWithLogits(x, 0), wish: (x) => bceWithLogits(x, 1) },
  hinge: { real: (x) => hingeLoss(x, 1), fake: (x) => hingeLoss(x, -1), wish: (x) => neg(mean(x)) },
} satisfies Record<string, Criterion>;

export type GanMode = keyof typeof CRITERIA;

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => add(sum, term));

/** Scalar: Σ over scales of the mean over the verdict map. Summed, not averaged, over scales. */
export const ganLoss = (maps: Maps, side: keyof Criterion, mode: GanMode = 'ls'): Tensor =>
  total(maps.map((scaleMaps) => CRITERIA[mode][side](scaleMaps.at(-1)!)));

/**
 * Feature matching: the fake's inner maps (all but the verdicts) shall be the real picture's, which count as constants. Scalar:
 * λ · Σ over scales and layers of 4/(layers · scales) · mean|fake − real|.
 */
export function featureMatching(fake: Maps, real: Maps, lambda: number): Tensor {
  const inner = fake[0]!.length - 1;
  const terms = fake.flatMap((maps, i) => maps.slice(0, inner).map((map, j) => l1Loss(map, detach(real[i]![j]!))));
  return scale(total(terms), (lambda * 4) / (inner * fake.length));
}

/** Weights of VGG19's taps, relu1_1 … relu5_1. */
const TAP_WEIGHTS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1];

/** The perceptual loss: λ · Σ over taps of wₖ · mean|Vₖ(fake) − Vₖ(real)|; the real picture's taps count as constants. Scalar. */
export function perceptual(fake: Iterable<Tensor>, real: Iterable<Tensor>, lambda: number): Tensor {
  const constants = [...real].map(detach);
  const terms: Tensor[] = [];
  for (const tap of fake) {
    const k = terms.length;
    terms.push(scale(l1Loss(tap, constants[k]!), lambda * TAP_WEIGHTS[k]!));
  }
  return total(terms);
}
