// Runs in the browser's own files, and the one of them that trains.

import { strToU8, type Zippable, zipSync } from 'fflate';
import { loadBatch, prepared } from '../../src/data/dataset.js';
import { openDevice } from '../../src/device/browser.js';
import type { Device } from '../../src/device/device.js';
import { UsageError } from '../../src/errors.js';
import { type TrainOptions, trainDefaults } from '../../src/options/table.js';
import type { Habits } from '../../src/train/due.js';
import { checkTraining, type Training } from '../../src/train/prepare.js';
import { throughLosses } from '../../src/train/recover.js';
import { KEPT, type RunConfig, runConfig } from '../../src/train/run-config.js';
import { train } from '../../src/train/train.js';
import type { KeptRun, News, Order, Trainings } from '../messages.js';
import { DATA, dataOf, openTraining } from './data.js';
import { allFiles, type Folder, openFolder, within } from './folder.js';
import { keptRun, newestStart, openRun, readSheet, writeConfig } from './run-store.js';

/** Decoded pictures kept in memory: a tab has less than a machine. */
const CACHE_BYTES = 256e6;

/** Names become names of folders, here and where a zip is unpacked. */
const NAME = /^[\w][\w. -]{0,63}$/;

const optionsOf = (config: RunConfig): TrainOptions & Habits =>
  ({ ...trainDefaults(), ...config }) as unknown as TrainOptions & Habits;

/** Reads every picture once, so that a wrong one is told before anything is trained. */
const checked = (training: Training, say: (text: string) => void) =>
  checkTraining(
    training,
    { look: async (number) => (await prepared(training.dataset, number)).size, seen: new Map() },
    (done, total) => say(`Reading the data set: ${done} of ${total}`),
  );

/** Holds the browser's lock on a run while `action` goes on, so that no two tabs train in one folder. */
const locked = <T>(name: string, action: () => Promise<T>): Promise<T> =>
  navigator.locks.request(`pix2pixhd run ${name}`, { ifAvailable: true }, (lock) => {
    if (lock) return action();
    throw new UsageError(`another tab trains ${name}`, { fix: 'Pause it there first' });
  });

async function trainRun(
  device: Device,
  name: string,
  folder: Folder,
  signal: AbortSignal,
  tell: (news: News) => void,
  onStep: (step: number) => void,
): Promise<boolean> {
  const say = (says: string) => tell({ run: name, says });
  const { config } = (await keptRun(name, folder))!;
  const options = optionsOf(config);
  const training = await openTraining(await dataOf(folder), options, CACHE_BYTES);
  await checked(training, say);
  const from = await newestStart(folder);
  const run = await openRun(name, folder, from.progress?.step ?? 0, tell);
  let ended = false;
  say('Compiling …');
  const hooks = {
    signal,
    onStart: (_: unknown, total: number) => say(`Training on ${device.profile.name}, ${total} steps in all`),
    onStep({ after, total }: { after: { step: number }; total: number }) {
      ended = after.step >= total;
      onStep(after.step);
    },
    onSaved() {},
    onValidated() {},
    onNote: say,
  };
  await train(device, training, run, options, hooks, {
    ...from,
    source: { load: loadBatch.bind(null, training.dataset) },
  });
  return ended;
}

/** Puts dropped pictures and the config into a new run's folder. */
async function createRun(folder: Folder, { options: given, files = [] }: Order): Promise<void> {
  for (const [path, file] of files) await folder.write(`${DATA}/${path}`, new Uint8Array(await file.arrayBuffer()));
  const options = { ...trainDefaults(), ...given, noVggLoss: true } as TrainOptions;
  const data = await dataOf(folder);
  const training = await openTraining(data, options, 0);
  const values = { ...options, ...training.settings };
  await writeConfig(folder, await runConfig(data.root, training, values, KEPT));
}

/** @throws UsageError where a run cannot have that name */
async function checkName(name: string, folder: Folder): Promise<void> {
  if (!NAME.test(name))
    throw new UsageError(`"${name}" is no name for a run`, { fix: 'Use letters, digits, spaces, . _ -' });
  if (await keptRun(name, folder))
    throw new UsageError(`there is a run ${name} already`, { fix: 'Give another name, or go on with that one' });
}

/** A run's folder but for its pictures, which whoever goes on has. */
async function zipped(name: string, folder: Folder): Promise<Blob> {
  const paths = (await allFiles(folder)).filter((path) => !path.startsWith(`${DATA}/`));
  const files: Zippable = {};
  for (const path of paths) files[`${name}/${path}`] = [(await folder.read(path)) ?? strToU8(''), { level: 0 }];
  return new Blob([zipSync(files) as BlobPart], { type: 'application/zip' });
}

/** @param tell hears of what comes to the runs' folders */
export async function openTrainings(tell: (news: News) => void): Promise<Trainings> {
  const all = await openFolder('pix2pixhd-runs');
  let stop = new AbortController();
  return {
    async list() {
      const names = (await all.list('')).sort();
      const runs = await Promise.all(names.map((name) => keptRun(name, within(all, name))));
      return runs.filter((run): run is KeptRun => run !== undefined);
    },
    async create(order) {
      const { name } = order;
      const folder = within(all, name);
      await checkName(name, folder);
      await all.remove(name);
      await createRun(folder, order).catch(async (error) => {
        await all.remove(name);
        throw error;
      });
    },
    train(name) {
      stop = new AbortController();
      const { signal } = stop;
      let reached = 0;
      const onStep = (step: number) => {
        reached = Math.max(reached, step);
      };
      return locked(name, () =>
        throughLosses({
          open: () => openDevice(),
          attempt: (device) => trainRun(device, name, within(all, name), signal, tell, onStep),
          reached: () => reached,
          say: (says) => tell({ run: name, says }),
        }),
      );
    },
    pause: async () => stop.abort(),
    zip: (name) => zipped(name, within(all, name)),
    remove: (name) => locked(name, () => all.remove(name)),
    sheet: async (name, step) => (await readSheet(within(all, name), step)) ?? new Uint8Array(),
  };
}
