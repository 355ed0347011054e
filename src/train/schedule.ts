import type { Settings } from './settings.js';

type Schedule = Pick<Settings, 'niter' | 'niterDecay' | 'lr'>;

/**
 * Learning rate of an epoch, counted from 1: constant for niter + 1 epochs, then it falls in equal steps, to lr / niterDecay
 * in the last. The reference lowers the rate at the end of an epoch, so the first one after niter still has all of it.
 */
export function learningRate({ niter, niterDecay, lr }: Schedule, epoch: number): number {
  const decayed = Math.max(0, epoch - niter - 1);
  return niterDecay > 0 ? lr * (1 - decayed / niterDecay) : lr;
}

/** Of both nets: the discriminator's is the generator's unless it has its own. */
export function learningRates(schedule: Schedule & Pick<Settings, 'lrD'>, epoch: number): { G: number; D: number } {
  const { lr, lrD = lr } = schedule;
  return { G: learningRate(schedule, epoch), D: learningRate({ ...schedule, lr: lrD }, epoch) };
}

/** Steps in all: of every epoch, or the first `maxSteps`. `size` counts an epoch's images. */
export const totalSteps = (
  { niter, niterDecay, batchSize, accumulate }: Pick<Settings, 'niter' | 'niterDecay' | 'batchSize' | 'accumulate'>,
  size: number,
  maxSteps = Number.POSITIVE_INFINITY,
): number => Math.min(maxSteps, Math.floor(((niter + niterDecay) * Math.ceil(size / batchSize)) / accumulate));

/** Whether going from `before` to `after` images passes a multiple of `period`. */
export const passes = (before: number, after: number, period: number): boolean =>
  Math.floor(after / period) > Math.floor(before / period);
