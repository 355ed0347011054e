// The files of a checkpoint by the generator's: `G.safetensors` has `D.safetensors` beside it, `mine.safetensors` has
// `mine.D.safetensors`.

import { basename, dirname, join } from 'node:path';

const GENERATOR = 'G.safetensors';

/** Path of the part `name` (`D.safetensors`, `optimizer.safetensors`, …) that belongs to a generator's file. */
export function partPath(generator: string, name: string): string {
  if (name === GENERATOR) return generator;
  if (basename(generator) === GENERATOR) return join(dirname(generator), name);
  return generator.replace(/\.safetensors$/, `.${name}`);
}
