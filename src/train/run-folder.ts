// The folder of a run: config.json, log.jsonl, lock.json, samples/step-N.png and checkpoints/step-N/.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError, fileError, IOError, UsageError } from '../errors.js';
import { cleanTemps, isTemp, writeFileAtomic } from '../formats/atomic.js';
import type { Checkpoint } from './checkpoint.js';
import {
  checkpointFolder,
  checkpointSteps,
  readCheckpointManifest,
  verifyCheckpoint,
  writeCheckpoint,
} from './checkpoint-folder.js';
import type { Mark } from './checkpoint-manifest.js';
import { LOCK, type Lock, lockedBy, takeLock } from './lock.js';
import { openLog } from './log-file.js';

/** The checkpoint that is the best by some measure, and what that said of it. */
export interface Best extends Mark {
  step: number;
}

/** What a training writes into. */
export interface RunOutput {
  readonly lock: Pick<Lock, 'stale' | 'lost'>;
  /** Appends one line to log.jsonl; a line that the disk refuses comes with the next. */
  log(record: object): Promise<void>;
  saveSample(step: number, png: Uint8Array): Promise<string>;
  /**
   * Writes checkpoints/step-N whole or not at all and removes those no longer needed. One with a mark is the best from now on: it stays, and
   * the one that was the best before need not. Returns its path.
   */
  saveCheckpoint(checkpoint: Checkpoint, keep: boolean, best?: Mark): Promise<string>;
}

export interface RunFolder extends RunOutput {
  readonly root: string;
  /** Goes back to a checkpoint's step: later lines of the log go. */
  rewind(step: number): Promise<void>;
  /** Ends the run; one that did not come to its first step is removed. */
  close(): Promise<void>;
}

export async function readJson<T>(path: string, fix?: string): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError(error, path);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError('is damaged', { file: path, fix, cause });
  }
}

const NEWEST = 2;

const isFull = (error: unknown): boolean =>
  error instanceof IOError && ['ENOSPC', 'EDQUOT'].includes((error.cause as NodeJS.ErrnoException)?.code ?? '');

/** One that is there already was passed over as damaged when the run went on from an earlier one. */
async function saveCheckpoint(root: string, checkpoint: Checkpoint, keep: boolean, best?: Mark): Promise<string> {
  const { step } = checkpoint.state;
  const path = checkpointFolder(root, step);
  const write = () => writeCheckpoint(path, checkpoint, { keep, best }, { replace: true });
  await write().catch(async (error) => {
    if (!isFull(error) || !(await makeRoom(root, step))) throw error;
    await write();
  });
  await prune(root, step, NEWEST);
  return path;
}

const bytesIn = async (folder: string): Promise<number> =>
  Object.values((await readCheckpointManifest(folder)).files).reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * On a full disk the checkpoint before the newest gives its place: where the newest is whole, and as large a one fits then. Returns whether
 * any went.
 */
async function makeRoom(root: string, before: number): Promise<boolean> {
  const steps = (await checkpointSteps(join(root, 'checkpoints'))).filter((step) => step < before);
  const [newest, previous] = steps.map((step) => checkpointFolder(root, step));
  if (!newest || !previous) return false;
  try {
    await verifyCheckpoint(newest);
    const { bavail, bsize } = await statfs(root);
    if (bavail * bsize + (await bytesIn(previous)) < (await bytesIn(newest))) return false;
  } catch {
    return false;
  }
  return (await prune(root, steps[0]!, 1)) > 0;
}

/** The best checkpoint of a run, the newest that is marked; damaged ones are passed over. @throws IOError */
export async function readBest(root: string): Promise<Best | undefined> {
  for (const step of await checkpointSteps(join(root, 'checkpoints'))) {
    const { best } = await readCheckpointManifest(checkpointFolder(root, step)).catch(() => ({ best: undefined }));
    if (best) return { step, ...best };
  }
  return undefined;
}

/** Of the checkpoints up to `step` the newest `count` stay, the best, and all that say so of themselves. Returns how many went. */
async function prune(root: string, step: number, count: number): Promise<number> {
  const best = await readBest(root);
  const steps = (await checkpointSteps(join(root, 'checkpoints'))).filter((each) => each <= step);
  let gone = 0;
  for (const old of steps.slice(count).filter((each) => each !== best?.step)) {
    const folder = checkpointFolder(root, old);
    const { keep } = await readCheckpointManifest(folder).catch(() => ({ keep: true }));
    if (keep) continue;
    await rm(folder, { recursive: true, force: true });
    gone++;
  }
  return gone;
}

const CONFIG = 'config.json';
const LOG = 'log.jsonl';
const FOLDERS = ['samples', 'checkpoints'] as const;

/** What a training that never came to its first step leaves when it is killed. */
async function isBlank(root: string, names: readonly string[]): Promise<boolean> {
  const ours: string[] = [CONFIG, LOG, LOCK, ...FOLDERS];
  if (!names.every((name) => ours.includes(name) || isTemp(name))) return false;
  const inside = await Promise.all(
    FOLDERS.filter((name) => names.includes(name)).map((name) => readdir(join(root, name))),
  );
  const log = await readFile(join(root, LOG), 'utf8').catch(() => '');
  return log === '' && inside.flat().every(isTemp);
}

/** Node says ENOENT where a folder on the way cannot be made; the plain call tells why. */
const makeFolders = (path: string): Promise<string | undefined> =>
  mkdir(path, { recursive: true }).catch(async (error) => {
    if (error.code === 'ENOENT') await mkdir(path);
    throw error;
  });

/** Removes a folder with all in it, and those above it that are empty then, up to `first`. */
async function removeUpTo(first: string, root: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
  for (let at = resolve(root); at !== resolve(first); at = dirname(at)) {
    const gone = await rmdir(dirname(at)).then(
      () => true,
      () => false, // another run has begun in it
    );
    if (!gone) return;
  }
}

/**
 * Refuses a folder that holds anything, so that no earlier work is ever written over. Returns the highest of the folders that had to be
 * made, if any had.
 */
async function makeRoot(root: string): Promise<string | undefined> {
  let there: string[] = [];
  try {
    const first = await makeFolders(root);
    if (first !== undefined) return first;
    there = await readdir(root);
    if (await isBlank(root, there)) return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(error, root);
    throw new UsageError('is a file, not a folder', { file: root, fix: 'Give another --out' });
  }
  const holder = await lockedBy(root);
  if (holder)
    throw new UsageError(`another training writes here: ${holder}`, { file: root, fix: 'Give another --out' });
  const fix = there.includes(CONFIG)
    ? '--resume goes on with the run in it; for a new one give another --out'
    : 'Give --out a new folder, or empty this one';
  throw new UsageError('holds something already', { file: root, fix });
}

const writeConfig = (root: string, config: object): Promise<void> =>
  writeFileAtomic(join(root, CONFIG), `${JSON.stringify(config, null, 2)}\n`);

/**
 * A run's folder that is ready and locked, its log ending with `step`; `discard` undoes what was made of it, should the run not come to
 * its first step.
 */
async function openRun(
  root: string,
  lock: Lock,
  config: object,
  step: number,
  discard: () => Promise<void>,
): Promise<RunFolder> {
  for (const folder of [root, ...FOLDERS.map((name) => join(root, name))]) {
    await mkdir(folder, { recursive: true });
    await cleanTemps(folder);
  }
  await writeConfig(root, config);
  const log = await openLog(join(root, LOG), step);
  let begun = false;
  return {
    root,
    lock,
    log(record) {
      begun = true;
      return log.append(record);
    },
    async saveSample(step, png) {
      const path = join(root, 'samples', `step-${step}.png`);
      await writeFileAtomic(path, png);
      return path;
    },
    async saveCheckpoint(checkpoint, keep, best) {
      await log.sync();
      return saveCheckpoint(root, checkpoint, keep, best);
    },
    rewind: (step) => log.cut(step),
    async close() {
      await log.close();
      if (!begun) await discard();
      await lock.release();
    },
  };
}

/** Opens a run's folder under its lock, which goes again where that fails. */
async function opened(root: string, config: object, step: number, discard: () => Promise<void>): Promise<RunFolder> {
  const lock = await takeLock(root);
  try {
    return await openRun(root, lock, config, step, discard);
  } catch (error) {
    await discard();
    await lock.release();
    throw fileError(error, root);
  }
}

/**
 * Makes a folder for something new, or takes an empty one. @returns what undoes that with all that came into it since
 * @throws UsageError where it holds something, IOError
 */
export async function claimFolder(root: string): Promise<() => Promise<void>> {
  const first = await makeRoot(root);
  if (first !== undefined) return () => removeUpTo(first, root);
  return async () => {
    const names = await readdir(root);
    await Promise.all(
      names.filter((name) => name !== LOCK).map((name) => rm(join(root, name), { recursive: true, force: true })),
    );
  };
}

/** Makes the folder of a new run with its config.json. @throws UsageError where it holds something, IOError */
export async function createRun(root: string, config: object): Promise<RunFolder> {
  return opened(root, config, 0, await claimFolder(root));
}

/** Opens the folder of a run that goes on after `step`. @throws UsageError where another trains in it, IOError */
export const continueRun = (root: string, config: object, step: number): Promise<RunFolder> =>
  opened(root, config, step, async () => {});

/** The run that a checkpoint's file lies in, RUN/checkpoints/STEP/FILE; undefined for a file elsewhere. */
export function runOf(checkpointFile: string): string | undefined {
  const checkpoints = dirname(dirname(checkpointFile));
  const run = dirname(checkpoints);
  return basename(checkpoints) === 'checkpoints' && existsSync(join(run, CONFIG)) ? run : undefined;
}

/** Whether a folder is, or was about to become, that of a run. */
export const isRunFolder = (root: string): boolean => existsSync(join(root, CONFIG));

/** The options of a run, by their camelCase names. @throws MissingFileError, DataError */
export const readRunConfig = (root: string, fix?: string): Promise<Record<string, unknown>> =>
  readJson(join(root, CONFIG), fix);
