// A generator's file by what people call it: a run, one of its checkpoints, or the file itself.

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, MissingFileError } from '../errors.js';
import { newestWhole, readCheckpointManifest, verifiedFile } from '../train/checkpoint-folder.js';
import { currentRun } from '../train/recipe-folder.js';

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Path of the file `name` (by the checkpoint's folder) of the checkpoint that `path` means: a run's folder (its newest checkpoint that is whole), a
 * recipe's (that of its latest phase), a checkpoint's folder, or the file itself, which is then not checked against a manifest.
 */
export async function findCheckpointFile(
  path: string,
  name: string | ((folder: string) => string),
  onDamaged: (message: string) => void = () => {},
): Promise<string> {
  const nameIn = typeof name === 'string' ? () => name : name;
  if (!isFolder(path)) return path;
  const checkpoint = await readCheckpointManifest(path).then(
    () => true,
    (error) => {
      if (error instanceof MissingFileError) return false;
      throw error;
    },
  );
  if (checkpoint) return verifiedFile(path, nameIn(path));
  return newestWhole(await currentRun(path), (folder) => verifiedFile(folder, nameIn(folder)), onDamaged);
}

/**
 * Path of the generator that `path` means, as `findCheckpointFile`; where a checkpoint has averaged weights it is those, which paint
 * better than the last step's.
 */
export function findGenerator(path: string, onDamaged?: (message: string) => void): Promise<string> {
  const name = (folder: string) =>
    existsSync(join(folder, 'G-ema.safetensors')) ? 'G-ema.safetensors' : 'G.safetensors';
  return findCheckpointFile(path, name, onDamaged);
}
