// Which pictures a training is measured by.

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { type Dataset, datasetOf, openDataset } from '../data/dataset.js';
import type { SamplePaths } from '../data/folders.js';
import { UsageError } from '../errors.js';

export interface HeldOptions {
  /** A data set of its own, and the prefix of its folders. */
  val?: string;
  valPhase: string;
  /** Or a share of the samples that are there to train on. */
  valFraction?: number;
  /** At most so many pictures. */
  valMax: number;
}

/** Where a name falls in [0, 1): always in the same place, whatever other names there are. */
const placeOf = ({ name }: SamplePaths): number => createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32;

/**
 * Cuts a set in two by the samples' names alone, so that neither a seed nor further samples ever move one across. Each is held with a
 * probability of `fraction`, and at least one.
 */
export function splitSamples(samples: readonly SamplePaths[], fraction: number) {
  const places = samples.map(placeOf);
  const bound = Math.max(fraction, Math.min(...places) + 2 ** -32);
  const part = (isHeld: boolean) => samples.filter((_, i) => places[i]! < bound === isHeld);
  return { trained: part(false), held: part(true) };
}

/** At most `most` samples, spread evenly. */
export function spread<T>(all: readonly T[], most: number): T[] {
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

/** Whole pictures, scaled as in training, one a batch. */
const measured = ({ options }: Dataset): Dataset['options'] => ({
  ...options,
  fineSize: Number.MAX_SAFE_INTEGER,
  noFlip: true,
  scaleJitter: 0,
  colorJitter: 0,
  batchSize: 1,
  maxDatasetSize: Number.POSITIVE_INFINITY,
});

/**
 * The data set to train on and the pictures to measure, where there are any. Reads none of them yet.
 * @throws UsageError where both options are given or nothing is left, MissingFileError, DataError
 */
export async function holdOut(
  root: string,
  whole: Dataset,
  { val, valPhase, valFraction, valMax }: HeldOptions,
): Promise<{ dataset: Dataset; held?: Dataset }> {
  if (val !== undefined && valFraction !== undefined)
    throw new UsageError('--val and --val-fraction cannot go together', { fix: 'Give one of them' });
  const { phase } = whole.options;
  if (val !== undefined && resolve(val) === resolve(root) && valPhase === phase)
    throw new UsageError(`--val ${val} --val-phase ${phase} is what is trained on`, {
      fix: 'Give --val-fraction to hold some of it out',
    });
  const options = measured(whole);
  const heldOf = (samples: readonly SamplePaths[], from: string) => datasetOf(spread(samples, valMax), from, options);
  if (val !== undefined) {
    const { samples } = await openDataset(val, { ...options, phase: valPhase });
    return { dataset: whole, held: heldOf(samples, val) };
  }
  if (valFraction === undefined) return { dataset: whole };
  const { trained, held } = splitSamples(whole.samples, valFraction);
  if (trained.length === 0)
    throw new UsageError(`--val-fraction ${valFraction} of ${whole.samples.length} samples leaves nothing to train on`);
  return { dataset: datasetOf(trained, root, whole.options), held: heldOf(held, root) };
}
