// The files of a checkpoint by the generator's: `G.safetensors` has `D.safetensors` beside it, `mine.safetensors` has
// `mine.D.safetensors`.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findCheckpointFile } from '../generate/find.js';

const GENERATOR = 'G.safetensors';

/** Path of the part `name` (`D.safetensors`, `optimizer.safetensors`, …) that belongs to a generator's file. */
export function partPath(generator: string, name: string): string {
  if (name === GENERATOR) return generator;
  if (basename(generator) === GENERATOR) return join(dirname(generator), name);
  return generator.replace(/\.safetensors$/, `.${name}`);
}

/** The part where it is there; in a checkpoint's folder it must be what its manifest says. Throws DataError. */
export async function findPart(generator: string, name: string): Promise<string | undefined> {
  const path = partPath(generator, name);
  if (path === generator || !existsSync(path)) return undefined;
  const folder = dirname(path);
  return existsSync(join(folder, 'manifest.json')) ? findCheckpointFile(folder, basename(path)) : path;
}
