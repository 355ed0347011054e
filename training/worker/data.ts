// A training's data by their paths: the Earth beside the page, or what was dropped, which lies in the run's folder.

import { parseClasses } from '../../src/data/classes.js';
import { type DatasetOptions, datasetOf } from '../../src/data/dataset.js';
import type { ReadImage } from '../../src/data/decode.js';
import { namedFiles, pairSamples, type Role, roleFolders, type SamplePaths } from '../../src/data/pairing.js';
import { IOError, ProjectError } from '../../src/errors.js';
import type { TrainOptions } from '../../src/options/table.js';
import { planTraining, type Training } from '../../src/train/prepare.js';
import { allFiles, type Folder, within } from './folder.js';
import { pictureReader } from './pictures.js';

/** Files of a data set; paths are as in a data folder. */
export interface DataFiles {
  /** What the command line calls it. */
  root: string;
  paths: string[];
  read(path: string): Promise<Uint8Array | undefined>;
}

/** Where dropped pictures lie in a run's folder. */
export const DATA = 'data';

async function fetched(path: string): Promise<Uint8Array> {
  const response = await fetch(new URL(`earth/${path}`, location.href));
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new IOError(`HTTP ${response.status}`, { file: `earth/${path}`, fix: 'Put the folder earth beside the page' });
}

/** The Earth set that comes along; files.json names its files. */
async function earth(): Promise<DataFiles> {
  const paths = JSON.parse(new TextDecoder().decode(await fetched('files.json')));
  return { root: 'examples/earth', paths, read: fetched };
}

/** The data of a run: its own, else the Earth. */
export async function dataOf(folder: Folder): Promise<DataFiles> {
  const own = within(folder, DATA);
  const paths = await allFiles(own);
  return paths.length > 0 ? { root: DATA, paths, read: own.read } : earth();
}

/** Samples of a phase, paired by name. @throws DataError for a file without a partner */
function samplesOf({ paths }: DataFiles, phase: string, options: DatasetOptions): SamplePaths[] {
  const places = roleFolders(phase, options);
  const roles = (Object.keys(places) as Role[]).map((role) => {
    const folder = `${places[role]}/`;
    const inside = paths.filter((path) => path.startsWith(folder)).map((path) => [path, path.slice(folder.length)]);
    return [role, namedFiles(new Map(inside as [string, string][]))] as const;
  });
  return pairSamples(places, new Map(roles));
}

/** Held-out pictures where there are some. */
function shownOf(files: DataFiles, options: DatasetOptions, others: SamplePaths[]): SamplePaths[] {
  try {
    const held = samplesOf(files, 'test', options);
    return held.length > 0 ? held : others;
  } catch (error) {
    if (error instanceof ProjectError) return others;
    throw error;
  }
}

/** One more than the highest id of the label maps, where nobody says how many classes there are. */
async function countedClasses({ paths }: DataFiles, read: ReadImage, phase: string): Promise<number> {
  let most = 0;
  for (const path of paths.filter((each) => each.startsWith(`${phase}_label/`)))
    for (const id of (await read(path)).data) most = Math.max(most, id);
  return most + 1;
}

/** What `openTraining` is to a folder. @throws DataError, UsageError, IOError */
export async function openTraining(files: DataFiles, options: TrainOptions, cacheBytes: number): Promise<Training> {
  const { phase } = options;
  const read = pictureReader(files.read);
  const text = files.paths.includes('classes.json') ? await files.read('classes.json') : undefined;
  const listed = text && parseClasses(new TextDecoder().decode(text), 'classes.json');
  const hasInstances = files.paths.some((path) => path.startsWith(`${phase}_inst/`));
  const labelNc = options.labelNc ?? (listed ? undefined : await countedClasses(files, read, phase));
  const given = { ...options, labelNc, noInstance: options.noInstance || !hasInstances };
  const { settings, data, classes } = planTraining({ listed, hasInstances }, given, cacheBytes);
  const samples = samplesOf(files, phase, data);
  const dataset = datasetOf(samples, data, read, files.root);
  return { root: files.root, dataset, shown: shownOf(files, data, samples), settings, classes };
}
