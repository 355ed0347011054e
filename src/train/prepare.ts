// What a training needs to know before it starts: its files, its classes, its nets, and that the pictures are in order.

import { type Classes, defaultClasses } from '../data/colours.js';
import { type Dataset, type DatasetOptions, prepared } from '../data/dataset.js';
import type { Loaders } from '../data/loaders.js';
import { paddedSize } from '../data/pad.js';
import type { SamplePaths } from '../data/pairing.js';
import type { Size } from '../data/resample.js';
import { createRng } from '../data/rng.js';
import { drawWindow, type GeometryOptions } from '../data/transform.js';
import { keptMultiple } from '../nets/encoder.js';
import { leastSide } from '../nets/generator.js';
import type { TrainOptions } from '../options/table.js';
import { architecturesOf } from './nets.js';
import { type Settings, settingsOf } from './settings.js';

export interface Training {
  root: string;
  dataset: Dataset;
  /** Pictures to measure, never trained on. */
  held?: Dataset;
  /** What its sheets show: held-out samples, where there are some. */
  shown: SamplePaths[];
  settings: Settings;
  classes: Classes;
}

/** Classes of Cityscapes, the reference's default. */
const DEFAULT_CLASSES = 35;

/** @param listed what the data set says of itself */
function classesOf(listed: Classes | undefined, labelNc: number | undefined): Classes {
  const count = labelNc ?? listed?.names.length ?? DEFAULT_CLASSES;
  return listed?.names.length === count ? listed : defaultClasses(count);
}

/** "Don't care" is one class more. */
const withDontCare = ({ names, palette }: Classes, dontCare: number | undefined): Classes =>
  dontCare === undefined ? { names, palette } : { names: [...names, "don't care"], palette: [...palette, [0, 0, 0]] };

/** What a data set tells of itself before its pictures are read. */
export interface DataFacts {
  /** Of its classes.json. */
  listed?: Classes;
  hasInstances: boolean;
}

/** What a training's options mean for a data set, before its files are looked for. @throws UsageError */
export function planTraining({ listed, hasInstances }: DataFacts, options: TrainOptions, cacheBytes: number) {
  const own = classesOf(listed, options.labelNc);
  const labelNc = options.labelNc ?? own.names.length;
  // Who paints from pictures seldom has instances; with labels a missing folder is more likely a mistake.
  const noInstance = options.noInstance || (labelNc === 0 && !hasInstances);
  const settings = settingsOf({ ...options, noInstance }, labelNc);
  const { generator, encoder } = architecturesOf(settings);
  const data: DatasetOptions = {
    ...settings,
    images: true,
    maxDatasetSize: settings.maxDatasetSize ?? Number.POSITIVE_INFINITY,
    multiple: keptMultiple(generator, encoder),
    leastSide: leastSide(generator),
    cacheBytes,
  };
  return { settings, data, classes: withDontCare(own, settings.dontCare) };
}

type Looks = Pick<Loaders, 'look' | 'seen'>;

/** The size in a batch of a picture that is scaled already. */
export const batchSizeOf = (scaled: Size, options: GeometryOptions): Size =>
  paddedSize(drawWindow(scaled, options, createRng(0)).size, options.multiple);

const larger = (a: Size, b: Size): Size => (b.width * b.height > a.width * a.height ? b : a);

/** Sizes, once scaled, of the samples that were looked at, else of the first. */
const sizesOf = async ({ look, seen }: Looks): Promise<Size[]> =>
  seen.size > 0 ? [...seen.values()] : [await look(0)];

/** The size of the largest batch of those samples. */
export const largestSize = async ({ dataset }: Training, looks: Looks): Promise<Size> =>
  (await sizesOf(looks)).map((size) => batchSizeOf(size, dataset.options)).reduce(larger);

/** The size of the largest of those samples, scaled and not cut. */
export const largestPicture = async (looks: Looks): Promise<Size> => (await sizesOf(looks)).reduce(larger);

/**
 * Reads and checks the pictures to measure, which stay in memory where there is room.
 * @returns the size in which the largest of them is painted; undefined without any. @throws DataError
 */
export async function largestHeld({ held }: Training): Promise<Size | undefined> {
  const sizes: Size[] = [];
  for (const number of held?.samples.keys() ?? []) {
    const { size } = await prepared(held!, number);
    sizes.push(batchSizeOf(size, held!.options));
  }
  return sizes.length > 0 ? sizes.reduce(larger) : undefined;
}

/** Enough for some hundred pictures. */
const CHECK_MS = 60_000;

/**
 * Reads samples as training will, with `look`, so that a wrong file shows before anything is trained or written; they stay in memory.
 * Stops after a minute. @returns how many were read. @throws DataError for the first that training would stop at
 */
export async function checkTraining(
  { dataset }: Training,
  { look }: Looks,
  onSample: (done: number, total: number) => void,
): Promise<number> {
  const start = performance.now();
  const total = dataset.samples.length;
  let done = 0;
  while (done < total && performance.now() - start < CHECK_MS) {
    await look(done);
    onSample(++done, total);
  }
  return done;
}
