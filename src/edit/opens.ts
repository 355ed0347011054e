// What the editor opens with: a checkpoint, and maps that fit its classes.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportBytes } from '../convert/export.js';
import { fileError } from '../errors.js';
import { withFile } from '../formats/files.js';
import { findGenerator } from '../generate/find.js';
import { openGenerator } from '../generate/open.js';

export interface Opens {
  /** For people. */
  name: string;
  /** Generator and encoder in one file. */
  checkpoint: Uint8Array;
  labels?: Uint8Array;
  instances?: Uint8Array;
}

/** A file of the package: beside dist/, and beside src/ in a checkout. */
export function packageFile(...parts: string[]): string | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const path = join(at, ...parts);
    if (existsSync(path)) return path;
  }
  return undefined;
}

const read = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((error) => {
    throw fileError(error, path);
  });

/** The Earth's classes have an example in the package. */
async function exampleFor(names: readonly string[]): Promise<{ labels?: string; instances?: string }> {
  const classes = packageFile('examples', 'earth', 'classes.json');
  if (!classes || JSON.parse(await readFile(classes, 'utf8')).classes.join() !== names.join()) return {};
  return {
    labels: packageFile('examples', 'demo', 'labels.png'),
    instances: packageFile('examples', 'demo', 'instances.png'),
  };
}

/** @throws MissingFileError, DataError, IOError */
export async function opensOf(path: string, maps: { labels?: string; instances?: string }): Promise<Opens> {
  const file = await findGenerator(path);
  const names = await withFile(file, (source) => openGenerator(source).manifest.classes.names);
  const checkpoint = await exportBytes(file);
  const { labels, instances } = maps.labels ? maps : await exampleFor(names);
  return {
    name: basename(path),
    checkpoint,
    labels: labels && (await read(labels)),
    instances: instances && (await read(instances)),
  } as Opens;
}
