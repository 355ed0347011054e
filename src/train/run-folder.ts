// The folder of a run: config.json, log.jsonl, samples/step-N.png, checkpoints/step-N/.

import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DataError, fileError, MissingFileError, UsageError } from '../errors.js';
import { cleanTemps, writeFileAtomic, writeFolderAtomically } from '../formats/atomic.js';
import { fileSha256, writeSafetensors } from '../formats/files.js';
import type { Checkpoint, TrainState } from './checkpoint.js';

/** What manifest.json of a checkpoint holds. */
export interface CheckpointManifest {
  format: 1;
  state: TrainState;
  /** Stays for good; others go when two newer ones are there. */
  keep: boolean;
  files: Record<string, { bytes: number; sha256: string }>;
}

export interface RunFolder {
  readonly root: string;
  /** Appends one line to log.jsonl. */
  log(record: object): Promise<void>;
  saveSample(step: number, png: Uint8Array): Promise<string>;
  /** Writes checkpoints/step-N whole or not at all and removes those no longer needed. Returns its path. */
  saveCheckpoint(checkpoint: Checkpoint, keep: boolean): Promise<string>;
  /** Ends the run; one that did not come to its first step is removed. */
  close(): Promise<void>;
}

const MANIFEST = 'manifest.json';
const NEWEST = 2;

/** Steps of the checkpoints in a folder, newest first. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, folder);
  });
  const steps = names.flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => b - a);
}

export const checkpointFolder = (root: string, step: number): string => join(root, 'checkpoints', `step-${step}`);

async function readJson<T>(path: string, fix?: string): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError(error, path);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError('is damaged', { file: path, fix, cause });
  }
}

export const readCheckpointManifest = (folder: string): Promise<CheckpointManifest> =>
  readJson(join(folder, MANIFEST), 'Use an older checkpoint of the run');

/** Path of a checkpoint's file. @throws DataError unless it is what the checkpoint's manifest says */
export async function verifiedFile(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const { files } = await readCheckpointManifest(folder);
  const found = await fileSha256(path);
  if (files[name]?.sha256 === found) return path;
  throw new DataError('is not what was saved: its SHA-256 differs', { file: path, fix: 'Copy the checkpoint again' });
}

/**
 * What `use` makes of a run's newest checkpoint that is whole, where `use` throws for those that are not; `onDamaged` is told of those
 * passed over. @throws what `use` threw for the newest where none is whole, MissingFileError where there is none
 */
export async function newestWhole<T>(
  run: string,
  use: (folder: string) => Promise<T>,
  onDamaged: (message: string) => void,
): Promise<T> {
  let damage: unknown;
  for (const step of await checkpointSteps(join(run, 'checkpoints'))) {
    try {
      return await use(checkpointFolder(run, step));
    } catch (error) {
      damage ??= error;
      onDamaged((error as Error).message);
    }
  }
  throw damage ?? new MissingFileError('holds no checkpoint', { file: run, fix: 'Give the folder of a run' });
}

/** Writes a checkpoint's folder whole or not at all. */
export const writeCheckpoint = (path: string, { files, state }: Checkpoint, keep: boolean): Promise<void> =>
  writeFolderAtomically(path, async (folder) => {
    const written: CheckpointManifest['files'] = {};
    for (const { name, tensors, metadata } of files) {
      written[name] = await writeSafetensors(join(folder, name), tensors, metadata);
    }
    const manifest: CheckpointManifest = { format: 1, state, keep, files: written };
    await writeFileAtomic(join(folder, MANIFEST), JSON.stringify(manifest, null, 2));
  });

async function saveCheckpoint(root: string, checkpoint: Checkpoint, keep: boolean): Promise<string> {
  const path = checkpointFolder(root, checkpoint.state.step);
  await writeCheckpoint(path, checkpoint, keep);
  await prune(root);
  return path;
}

/** The newest two stay, and all that say so of themselves. */
async function prune(root: string): Promise<void> {
  const old = (await checkpointSteps(join(root, 'checkpoints'))).slice(NEWEST);
  for (const step of old) {
    const folder = checkpointFolder(root, step);
    const { keep } = await readCheckpointManifest(folder).catch(() => ({ keep: true }));
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

/** Refuses a folder that holds anything, so that no earlier work is ever written over. */
async function makeRoot(root: string): Promise<{ made: boolean }> {
  try {
    const first = await mkdir(root, { recursive: true });
    if (first !== undefined) return { made: true };
    const there = await readdir(root);
    if (there.length === 0) return { made: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(error, root);
    throw new UsageError('is a file, not a folder', { file: root, fix: 'Give another --out' });
  }
  throw new UsageError('holds something already', { file: root, fix: 'Give --out a new folder, or empty this one' });
}

const CONFIG = 'config.json';
const LOG = 'log.jsonl';

const writeConfig = (root: string, config: object): Promise<void> =>
  writeFileAtomic(join(root, CONFIG), `${JSON.stringify(config, null, 2)}\n`);

/** A run's folder that is ready; `discard` undoes what was made of it, should the run not come to its first step. */
async function openRun(root: string, discard: () => Promise<void>): Promise<RunFolder> {
  const log = await open(join(root, LOG), 'a');
  let begun = false;
  return {
    root,
    log(record) {
      begun = true;
      return log.appendFile(`${JSON.stringify(record)}\n`).catch((error) => {
        throw fileError(error, join(root, LOG));
      });
    },
    async saveSample(step, png) {
      const path = join(root, 'samples', `step-${step}.png`);
      await writeFileAtomic(path, png);
      return path;
    },
    saveCheckpoint: (checkpoint, keep) => saveCheckpoint(root, checkpoint, keep),
    async close() {
      await log.close();
      if (!begun) await discard();
    },
  };
}

/** Makes the folder of a new run with its config.json. @throws UsageError where it holds something, IOError */
export async function createRun(root: string, config: object): Promise<RunFolder> {
  const { made } = await makeRoot(root);
  const discard = async () => {
    const paths = made ? [root] : [CONFIG, LOG, 'samples', 'checkpoints'].map((name) => join(root, name));
    await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
  };
  try {
    await cleanTemps(root);
    await writeConfig(root, config);
    for (const name of ['samples', 'checkpoints']) await mkdir(join(root, name));
    return await openRun(root, discard);
  } catch (error) {
    await discard();
    throw fileError(error, root);
  }
}

/** The run that a checkpoint's file lies in, RUN/checkpoints/STEP/FILE; undefined for a file elsewhere. */
export function runOf(checkpointFile: string): string | undefined {
  const checkpoints = dirname(dirname(checkpointFile));
  const run = dirname(checkpoints);
  return basename(checkpoints) === 'checkpoints' && existsSync(join(run, CONFIG)) ? run : undefined;
}

/** The options of a run, by their camelCase names. @throws MissingFileError, DataError */
export const readRunConfig = (root: string, fix?: string): Promise<Record<string, unknown>> =>
  readJson(join(root, CONFIG), fix);

/** Lines of a log up to a step: what came after the checkpoint that a run goes on from is done again. */
async function cutLog(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const kept = text.split('\n').filter((line) => {
    try {
      return JSON.parse(line).step <= step;
    } catch {
      return false; // half a line, of a power cut
    }
  });
  await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
}

/** Opens the folder of a run that goes on after `step`. @throws IOError */
export async function continueRun(root: string, config: object, step: number): Promise<RunFolder> {
  await cleanTemps(root);
  await cutLog(join(root, LOG), step);
  await writeConfig(root, config);
  for (const name of ['samples', 'checkpoints']) await mkdir(join(root, name), { recursive: true });
  return openRun(root, async () => {});
}
