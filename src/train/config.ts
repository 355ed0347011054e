// The options of a run that goes on against those it began with.

import { UsageError } from '../errors.js';
import { kebabCase } from '../options/option.js';
import { readRunConfig } from './run-folder.js';
import type { Settings } from './settings.js';

/** Options that decide what tensors there are: with others the checkpoint fits no more. */
const STRUCTURE: readonly (keyof Settings)[] = [
  'labelNc',
  'dontCare',
  'noInstance',
  'inputNc',
  'outputNc',
  'netG',
  'ngf',
  'nDownsampleGlobal',
  'nBlocksGlobal',
  'nLocalEnhancers',
  'nBlocksLocal',
  'norm',
  'upsample',
  'padding',
  'ndf',
  'numD',
  'nLayersD',
  'spectralNorm',
  'instanceFeat',
  'labelFeat',
  'loadFeatures',
  'featNum',
  'nef',
  'nDownsampleE',
  'noGanFeatLoss',
];

const shown = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));

/**
 * Compares a run's config with what it is to go on with; `say` is told of every option that differs.
 * @throws UsageError for those that make other nets
 */
export async function checkSame(root: string, config: object, say: (text: string) => void): Promise<void> {
  const before = await readRunConfig(root);
  const now = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  const text = (name: string) => `--${kebabCase(name)}: was ${shown(before[name])}, now ${shown(now[name])}`;
  const structural = differing.filter((name) => (STRUCTURE as readonly string[]).includes(name));
  if (structural.length > 0) {
    const fix = 'Leave them as they were, or start a new run with --init or --load-pretrain';
    throw new UsageError(`the run has other nets: ${structural.map(text).join('; ')}`, { file: root, fix });
  }
  for (const name of differing) say(`Changed ${text(name)}`);
}
