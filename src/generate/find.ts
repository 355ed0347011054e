// A generator's file by what people call it: a run, one of its checkpoints, or the file itself.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileError, MissingFileError, UsageError } from '../errors.js';
import { checkpointFolder, newestWhole, readCheckpointManifest, verifiedFile } from '../train/checkpoint-folder.js';
import { currentRun } from '../train/recipe-folder.js';
import { readBest } from '../train/run-folder.js';

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
 * The checkpoint of a run that is called so: `best` by the metric that the run was told, or a number for a step. `latest` is the path
 * itself, whatever it is. @throws MissingFileError where there is none, UsageError for another name
 */
export async function chosenCheckpoint(path: string, which: string): Promise<string> {
  if (which === 'latest') return path;
  const run = await currentRun(path);
  if (which === 'best') {
    const best = await readBest(run);
    if (best) return checkpointFolder(run, best.step);
    throw new MissingFileError('has no best checkpoint', { file: path, fix: 'Train it with --val and --best-metric' });
  }
  if (/^\d+$/.test(which)) return checkpointFolder(run, Number(which));
  throw new UsageError(`--which-epoch: got ${which}, wanted latest, best or a number`);
}

const AVERAGED = 'G-ema.safetensors';
const RAW = 'G.safetensors';

/**
 * Path of the generator that `path` means, as `findCheckpointFile`; where a checkpoint has averaged weights it is those, which paint
 * better than the last step's more often than not.
 */
export function findGenerator(path: string, onDamaged?: (message: string) => void): Promise<string> {
  const name = (folder: string) => (existsSync(join(folder, AVERAGED)) ? AVERAGED : RAW);
  return findCheckpointFile(path, name, onDamaged);
}

/** The last step's weights beside averaged ones; undefined for a generator's file that is not averaged. @throws DataError */
export async function rawBeside(generator: string): Promise<string | undefined> {
  if (basename(generator) !== AVERAGED) return undefined;
  return verifiedFile(dirname(generator), RAW);
}
