// The files of a checkpoint by the generator's: `G.safetensors` has `D.safetensors` beside it, `mine.safetensors` has
// `mine.D.safetensors`.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MissingFileError } from '../errors.js';
import { findCheckpointFile } from './find.js';

/** The last step's weights, and averaged ones. */
const GENERATORS = ['G.safetensors', 'G-ema.safetensors'];

/** Path of the part `name` (`D.safetensors`, `optimizer.safetensors`, …) that belongs to a generator's file. */
export function partPath(generator: string, name: string): string {
  if (name === 'G.safetensors') return generator;
  if (GENERATORS.includes(basename(generator))) return join(dirname(generator), name);
  return generator.replace(/\.safetensors$/, `.${name}`);
}

/** The part where it is there; in a checkpoint's folder it must be what its manifest says. Throws DataError. */
export async function findPart(generator: string, name: string): Promise<string | undefined> {
  const path = partPath(generator, name);
  if (path === generator || !existsSync(path)) return undefined;
  const folder = dirname(path);
  return existsSync(join(folder, 'manifest.json')) ? findCheckpointFile(folder, basename(path)) : path;
}

/**
 * Path of the encoder that was trained with a generator.
 * @throws MissingFileError where there is none, DataError for one that is not what was saved
 */
export async function findEncoder(generator: string): Promise<string> {
  const found = await findPart(generator, 'E.safetensors');
  if (found !== undefined) return found;
  const fix = 'Give --encoder FILE; a training with --instance-feat or --label-feat saves one beside the generator';
  throw new MissingFileError('there is no encoder', { file: partPath(generator, 'E.safetensors'), fix });
}
