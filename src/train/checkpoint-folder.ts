// The folder of a checkpoint: safetensors files, and manifest.json, which holds their SHA-256 and its own.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, fileError, MissingFileError } from '../errors.js';
import { writeFileAtomic, writeFolderAtomically } from '../formats/atomic.js';
import { fileSha256, writeSafetensors } from '../formats/files.js';
import type { Checkpoint } from './checkpoint.js';
import { type CheckpointManifest, MANIFEST, manifestText, parseManifest, stepsOf } from './checkpoint-manifest.js';

/** Steps of the checkpoints in a folder, newest first. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, folder);
  });
  return stepsOf(names);
}

export const checkpointFolder = (root: string, step: number): string => join(root, 'checkpoints', `step-${step}`);

export const writeCheckpointManifest = async (folder: string, manifest: CheckpointManifest): Promise<void> =>
  writeFileAtomic(join(folder, MANIFEST), await manifestText(manifest));

/** @throws MissingFileError, DataError where a bit of it is not as it was written */
export async function readCheckpointManifest(folder: string): Promise<CheckpointManifest> {
  const path = join(folder, MANIFEST);
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError(error, path);
  });
  return parseManifest(text, path);
}

/** Path of a checkpoint's file. @throws DataError unless it is what the checkpoint's manifest says */
export async function verifiedFile(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const { files } = await readCheckpointManifest(folder);
  const found = await fileSha256(path);
  if (files[name]?.sha256 === found) return path;
  throw new DataError('is not what was saved: its SHA-256 differs', { file: path, fix: 'Copy the checkpoint again' });
}

/** @throws DataError, MissingFileError unless every file of a checkpoint is what was saved */
export async function verifyCheckpoint(folder: string): Promise<void> {
  const { files } = await readCheckpointManifest(folder);
  for (const name of Object.keys(files)) await verifiedFile(folder, name);
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
export const writeCheckpoint = (
  path: string,
  { files, state }: Checkpoint,
  { keep, best }: Pick<CheckpointManifest, 'keep' | 'best'>,
  options: { replace?: boolean } = {},
): Promise<void> => {
  const fill = async (folder: string) => {
    const written: CheckpointManifest['files'] = {};
    for (const { name, tensors, metadata } of files) {
      written[name] = await writeSafetensors(join(folder, name), tensors, metadata);
    }
    const manifest: CheckpointManifest = { format: 1, state, keep, best, files: written };
    await writeCheckpointManifest(folder, manifest);
  };
  return writeFolderAtomically(path, fill, options);
};
