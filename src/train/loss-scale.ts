// The scale of the losses where gradients are stored as half floats: large, so that small gradients are not 0, and halved where
// large ones overflow.

/** A scale and how many steps in a row were good with it. */
export interface LossScale {
  scale: number;
  good: number;
}

/** Where torch's GradScaler starts; it also doubles after so many good steps. */
export const FIRST_SCALE: LossScale = { scale: 2 ** 16, good: 0 };
const GOOD_STEPS = 2000;

/** Gradients that overflow without any scale are no matter of the scale; beyond the largest nothing is gained. */
const [LEAST, MOST] = [1, 2 ** 24];

/** Whether a smaller scale may mend an overflow. */
export const canShrink = ({ scale }: LossScale): boolean => scale > LEAST;

/** The scale of the next step. */
export function nextScale({ scale, good }: LossScale, overflowed: boolean): LossScale {
  if (overflowed) return { scale: Math.max(LEAST, scale / 2), good: 0 };
  if (good + 1 < GOOD_STEPS) return { scale, good: good + 1 };
  return { scale: Math.min(MOST, 2 * scale), good: 0 };
}
