// Checkpoints of the reference and of this project, made of the fixtures and of hashed values.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { exportCheckpoint } from '../../src/convert/export.js';
import { type ImportJob, importCheckpoint } from '../../src/convert/import.js';
import { bytesSource } from '../../src/formats/source.js';
import { openStateDict, type Tensors, tensorsOf } from '../../src/formats/state-dict.js';
import { fixture, withFolder } from '../formats/support.js';

const FIXTURES = 'test/formats/fixtures';

/** Puts fixtures into a folder under the reference's names. */
export function place(folder: string, files: Record<string, string>): void {
  for (const [name, from] of Object.entries(files)) copyFileSync(join(FIXTURES, from), join(folder, name));
}

export const optTxt = (folder: string, values: Record<string, string | number>): void => {
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${value}\n`);
  const text = `------------ Options -------------\n${lines.join('')}-------------- End ----------------\n`;
  writeFileSync(join(folder, 'opt.txt'), text);
};

export const tensorsIn = (name: string): Tensors => tensorsOf(bytesSource(fixture(name), name));

/** Expects a file to hold exactly the tensors of a fixture, bit for bit, in its order or sorted. */
export function sameTensors(path: string, wanted: Tensors, names: readonly string[] = [...wanted.shapes.keys()]): void {
  const file = openStateDict(path);
  assert.equal([...file.shapes.keys()], names);
  for (const name of names) {
    assert.equal(file.shapes.get(name), wanted.shapes.get(name), name);
    assert.equal(file.read(name), wanted.read(name), name);
  }
  file.close();
}

export interface Outcome {
  paths: string[];
  said: string;
}

export async function importing(from: string, out: string, meaning: ImportJob['meaning'] = {}, whichEpoch = 'latest') {
  const said: string[] = [];
  const paths = await importCheckpoint({ from, out, whichEpoch, meaning }, (text) => said.push(text));
  return { paths, said: said.join('\n') };
}

export async function exporting(
  from: string,
  out: string,
  format: 'pth' | 'safetensors' = 'pth',
  dtype: 'f32' | 'f16' = 'f32',
) {
  const said: string[] = [];
  const paths = await exportCheckpoint({ from, out, format, dtype }, (text) => said.push(text));
  return { paths, said: said.join('\n') };
}

/** Two folders that are gone afterwards: one to read from, one to write into. */
export const withFolders = (use: (from: string, to: string) => Promise<void>): Promise<void> =>
  withFolder((from) => withFolder((to) => use(from, to)));
