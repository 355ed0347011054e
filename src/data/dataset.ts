import { DataError, UsageError } from '../errors.js';
import type { Cursor } from './cursor.js';
import { dataFolders, findSamples, type SamplePaths, type Wanted } from './folders.js';
import { createRng, permutation } from './rng.js';
import { bytesOf, drawSample, type PreparedSample, prepareSample, type Sample, type SampleOptions } from './sample.js';

export type DatasetOptions = SampleOptions &
  Wanted & {
    phase: string;
    batchSize: number;
    serialBatches: boolean;
    maxDatasetSize: number;
    /** Bytes of prepared samples to keep in memory. */
    cacheBytes: number;
  };

/** The samples of one phase. `size` is the number of images an epoch counts, the reference's dataset_size. */
export type Dataset = { samples: SamplePaths[]; size: number; options: DatasetOptions; cache: SampleCache };

/** Prepared samples by number; the first that fit stay, since every epoch asks for all of them once. */
type SampleCache = { samples: Map<number, PreparedSample>; bytes: number };

/** Samples stacked along a new first axis: `labels` [N, 1, H, W] and so on. */
export type Batch = Omit<Sample, 'paths'> & { count: number; paths: SamplePaths[] };

/** A data set of samples that were found. @throws UsageError where they make no batch */
export function datasetOf(samples: SamplePaths[], root: string, options: DatasetOptions): Dataset {
  const full = Math.floor(samples.length / options.batchSize) * options.batchSize;
  const size = Math.min(full, options.maxDatasetSize);
  if (size < 1) {
    const problem = `${samples.length} samples in ${root} make no batch of ${options.batchSize}`;
    throw new UsageError(problem, { fix: 'Lower --batch-size or raise --max-dataset-size' });
  }
  return { samples, size, options, cache: { samples: new Map(), bytes: 0 } };
}

/** Finds and pairs the files of `<root>/<phase>_*`. Reads none of them yet. */
export async function openDataset(root: string, options: DatasetOptions): Promise<Dataset> {
  return datasetOf(await findSamples(dataFolders(root, options.phase, options)), root, options);
}

/** Sample numbers of an epoch; shuffled afresh for every epoch unless serialBatches. */
export function epochOrder({ samples, options }: Dataset, { seed, epoch }: Cursor): number[] {
  return options.serialBatches ? samples.map((_, i) => i) : permutation(createRng(seed, epoch), samples.length);
}

/** The place after the batch at `cursor`. */
export function advance({ size, options }: Dataset, { seed, epoch, position }: Cursor): Cursor {
  const next = position + options.batchSize;
  return next >= size ? { seed, epoch: epoch + 1, position: 0 } : { seed, epoch, position: next };
}

/** One sample, read, checked and resized, from memory where it was kept. */
export async function prepared({ samples, options, cache }: Dataset, number: number): Promise<PreparedSample> {
  const kept = cache.samples.get(number);
  if (kept) return kept;
  const sample = await prepareSample(samples[number], options);
  if (cache.bytes + bytesOf(sample) <= options.cacheBytes && !cache.samples.has(number)) {
    cache.samples.set(number, sample);
    cache.bytes += bytesOf(sample);
  }
  return sample;
}

/** Numbers of the samples of the batch at `cursor`. */
export function pickedSamples(dataset: Dataset, cursor: Cursor): number[] {
  return epochOrder(dataset, cursor).slice(cursor.position, cursor.position + dataset.options.batchSize);
}

/** Loads the batch at `cursor`. Crops and flips depend on seed, epoch and place alone, not on what was loaded before. */
export async function loadBatch(dataset: Dataset, cursor: Cursor): Promise<Batch> {
  const { options } = dataset;
  const rng = (i: number) => createRng(cursor.seed, cursor.epoch, cursor.position + i);
  const load = async (number: number, i: number) => drawSample(await prepared(dataset, number), options, rng(i));
  return stackSamples(await Promise.all(pickedSamples(dataset, cursor).map(load)));
}

const ARRAYS = ['labels', 'input', 'instances', 'image', 'features'] as const;

/** Throws DataError when the samples differ in size, which no batch can hold. */
export function stackSamples(samples: readonly Sample[]): Batch {
  const [first, ...rest] = samples;
  const odd = rest.find(({ width, height }) => width !== first.width || height !== first.height);
  if (odd) {
    const problem = `${odd.width}×${odd.height} in a batch with ${first.width}×${first.height} (${first.paths.label})`;
    const fix = 'Use --batch-size 1, or give all pictures one size with --resize-or-crop resize_and_crop';
    throw new DataError(problem, { file: odd.paths.label, fix });
  }
  const batch: Batch = {
    width: first.width,
    height: first.height,
    count: samples.length,
    paths: samples.map((s) => s.paths),
  };
  for (const key of ARRAYS) {
    const parts = samples.map((sample) => sample[key]);
    if (parts[0]) Object.assign(batch, { [key]: join(parts as Float32Array[]) });
  }
  return batch;
}

function join<T extends Int32Array | Float32Array>(parts: T[]): T {
  if (parts.length === 1) return parts[0];
  const out = new (parts[0].constructor as new (length: number) => T)(parts.length * parts[0].length);
  parts.forEach((part, i) => void out.set(part, i * part.length));
  return out;
}
