// A training's data in folders.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseClasses } from '../data/classes.js';
import type { Classes } from '../data/colours.js';
import { dataFolders, findSamples } from '../data/folders.js';
import { openDataset } from '../data/open-dataset.js';
import type { SamplePaths } from '../data/pairing.js';
import { fileError, ProjectError } from '../errors.js';
import type { TrainOptions } from '../options/table.js';
import { type HeldOptions, holdOut, type Split } from './held-out.js';
import { type DataFacts, planTraining, type Training } from './prepare.js';

/** Reads a classes.json. @throws MissingFileError, IOError, DataError */
export async function readClasses(path: string): Promise<Classes> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError(error, path);
  });
  return parseClasses(text, path);
}

/** What is known of a data folder before its pictures are read. @throws DataError for a classes.json that is none */
export async function dataFacts(root: string, { phase }: Pick<TrainOptions, 'phase'>): Promise<DataFacts> {
  const path = join(root, 'classes.json');
  const listed = existsSync(path) ? await readClasses(path) : undefined;
  return { listed, hasInstances: existsSync(join(root, `${phase}_inst`)) };
}

/** Pictures that the training is measured by, else those of `test_*` where the data set has some, else those it trains on. */
async function shownSamples(root: string, { dataset, held }: Split): Promise<SamplePaths[]> {
  const { samples, options } = dataset;
  if (held) return held.samples;
  if (options.phase === 'test') return samples;
  try {
    return await findSamples(dataFolders(root, 'test', options));
  } catch (error) {
    if (error instanceof ProjectError) return samples;
    throw error;
  }
}

/** Finds and pairs the files of a training and decides what its options left open. Reads no picture yet. */
export async function openTraining(
  root: string,
  options: TrainOptions & HeldOptions,
  cacheBytes: number,
): Promise<Training> {
  const { settings, data, classes } = planTraining(await dataFacts(root, options), options, cacheBytes);
  const split = await holdOut(root, await openDataset(root, data), options);
  return { root, ...split, shown: await shownSamples(root, split), settings, classes };
}
