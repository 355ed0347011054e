// A generator's file by what people call it: a run, one of its checkpoints, or the file itself.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DataError, fileError, MissingFileError } from '../errors.js';
import { fileSha256 } from '../formats/files.js';
import { checkpointFolder, checkpointSteps, readCheckpointManifest } from '../train/run-folder.js';

/** Throws DataError unless a file of a checkpoint is what its manifest says. */
async function verify(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const { files } = await readCheckpointManifest(folder);
  const found = await fileSha256(path);
  if (files[name]?.sha256 === found) return path;
  throw new DataError('is not what was saved: its SHA-256 differs', { file: path, fix: 'Copy the checkpoint again' });
}

/** The newest checkpoint that is whole; `onDamaged` is told of those passed over. */
async function newest(run: string, name: string, onDamaged: (message: string) => void): Promise<string> {
  const steps = await checkpointSteps(join(run, 'checkpoints'));
  let damage: unknown;
  for (const step of steps) {
    try {
      return await verify(checkpointFolder(run, step), name);
    } catch (error) {
      damage ??= error;
      onDamaged((error as Error).message);
    }
  }
  throw damage ?? new MissingFileError('holds no checkpoint', { file: run, fix: 'Give the folder of a run' });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Path of the file `name` of the checkpoint that `path` means: a run's folder (its newest checkpoint that is whole), a
 * checkpoint's folder, or the file itself, which is then not checked against a manifest.
 */
export async function findCheckpointFile(
  path: string,
  name: string,
  onDamaged: (message: string) => void = () => {},
): Promise<string> {
  if (!isFolder(path)) return path;
  const checkpoint = await readCheckpointManifest(path).then(
    () => true,
    (error) => {
      if (error instanceof MissingFileError) return false;
      throw error;
    },
  );
  return checkpoint ? verify(path, name) : newest(path, name, onDamaged);
}

/**
 * Path of the encoder that was trained with a generator: `E.safetensors` beside its file.
 * @throws MissingFileError where there is none, DataError for one that is not what was saved
 */
export async function findEncoder(generatorFile: string): Promise<string> {
  const folder = dirname(generatorFile);
  const path = join(folder, 'E.safetensors');
  if (existsSync(path)) return existsSync(join(folder, 'manifest.json')) ? verify(folder, 'E.safetensors') : path;
  const fix = 'Give --encoder FILE; a training with --instance-feat or --label-feat saves one beside the generator';
  throw new MissingFileError('there is no encoder', { file: path, fix });
}
