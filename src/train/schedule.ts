import type { Settings } from './nets.js';

type Schedule = Pick<Settings, 'niter' | 'niterDecay' | 'lr'>;

/**
 * Learning rate of an epoch, counted from 1: constant for niter + 1 epochs, then it falls in equal steps, to lr / niterDecay
 * in the last. The reference lowers the rate at the end of an epoch, so the first one after niter still has all of it.
 */
export function learningRate({ niter, niterDecay, lr }: Schedule, epoch: number): number {
  const decayed = Math.max(0, epoch - niter - 1);
  return niterDecay > 0 ? lr * (1 - decayed / niterDecay) : lr;
}

/** Steps in all: of every epoch, or the first `maxSteps`. `size` counts an epoch's images. */
export const totalSteps = (
  { niter, niterDecay, batchSize }: Pick<Settings, 'niter' | 'niterDecay' | 'batchSize'>,
  size: number,
  maxSteps = Number.POSITIVE_INFINITY,
): number => Math.min(maxSteps, (niter + niterDecay) * Math.ceil(size / batchSize));

/** Whether going from `before` to `after` images passes a multiple of `period`. */
export const passes = (before: number, after: number, period: number): boolean =>
  Math.floor(after / period) > Math.floor(before / period);
