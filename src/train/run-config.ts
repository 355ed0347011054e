// config.json of a run: its options, and which data they were for.

import { sha256 } from '../formats/sha256.js';
import { camelCase } from '../options/option.js';
import { TRAIN_OPTIONS } from '../options/table.js';
import type { DataIdentity } from './config.js';
import type { Training } from './prepare.js';

/** Options that are no part of the settings and hold when a run goes on. */
export const HABITS = ['max-steps', 'print-freq', 'display-freq', 'save-latest-freq', 'save-epoch-freq'] as const;

export type RunConfig = Record<string, unknown> & { dataroot: string; data: DataIdentity };

/** @param values options by their camelCase names @param habits names of those kept beside the training's own */
export async function runConfig(
  dataroot: string,
  { dataset }: Pick<Training, 'dataset'>,
  values: Readonly<Record<string, unknown>>,
  habits: readonly string[],
): Promise<RunConfig> {
  const kept = [...TRAIN_OPTIONS, ...habits].map(camelCase).map((name) => [name, values[name]]);
  const names = await sha256(dataset.samples.map(({ name }) => name).join('\n'));
  return { dataroot, ...Object.fromEntries(kept), data: { samples: dataset.samples.length, names } };
}
