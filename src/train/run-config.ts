// config.json of a run: its options, and which data they were for.

import { sha256 } from '../formats/sha256.js';
import { camelCase } from '../options/option.js';
import { TRAIN_OPTIONS } from '../options/table.js';
import type { DataIdentity } from './config.js';
import type { Training } from './prepare.js';

/** What holds when a run goes on: what decides the result, and how often something is written. By camelCase name. */
export const KEPT: readonly string[] = [
  ...TRAIN_OPTIONS,
  ...(['max-steps', 'print-freq', 'display-freq', 'save-latest-freq', 'save-epoch-freq'] as const),
].map(camelCase);

export type RunConfig = Record<string, unknown> & { dataroot: string; data: DataIdentity };

/** @param values options by their camelCase names @param kept names of those to keep */
export async function runConfig(
  dataroot: string,
  { dataset }: Pick<Training, 'dataset'>,
  values: Readonly<Record<string, unknown>>,
  kept: readonly string[],
): Promise<RunConfig> {
  const entries = kept.map((name) => [name, values[name]]);
  const names = await sha256(dataset.samples.map(({ name }) => name).join('\n'));
  return { dataroot, ...Object.fromEntries(entries), data: { samples: dataset.samples.length, names } };
}
