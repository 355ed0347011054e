// The options of a run that goes on against those it began with.

import { UsageError } from '../errors.js';
import { kebabCase, type OptionSpec } from '../options/option.js';
import { OPTIONS } from '../options/table.js';
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

/** Options that a run keeps and that touch nothing of what it learns: how often something is written, how kernels are looked for. */
const QUIET: readonly string[] = [
  'printFreq',
  'displayFreq',
  'saveLatestFreq',
  'saveEpochFreq',
  'tune',
  'noTune',
  'tuneSeconds',
];

const shown = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));

/** What an option has where it is not given: a run that is older than the option had that. */
function fallbackOf(name: string): unknown {
  const row: OptionSpec | undefined = OPTIONS[kebabCase(name) as keyof typeof OPTIONS];
  return row?.type === 'flag' ? false : row?.default;
}

/** What a run's config says of its data set, so that another one is noticed. */
export interface DataIdentity {
  samples: number;
  /** SHA-256 of their names. */
  names: string;
}

const dataText = (before: DataIdentity, now: DataIdentity): string =>
  `the data set: had ${before.samples} samples, has ${now.samples}${before.samples === now.samples ? ' with other names' : ''};` +
  ' order, crops and flips are others from here on';

/**
 * Compares a run's config with what it is to go on with; `say` is told of every option that differs and touches the training, and of
 * other data.
 * @throws UsageError for those that make other nets, and for pictures held out that it may have trained on
 */
export async function checkSame(
  root: string,
  config: { data: DataIdentity },
  say: (text: string) => void,
): Promise<void> {
  const before = await readRunConfig(root);
  const now = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const valueBefore = (name: string) => before[name] ?? fallbackOf(name);
  const names = Object.keys(now).filter((name) => name !== 'data');
  const differing = names.filter((name) => JSON.stringify(valueBefore(name)) !== JSON.stringify(now[name]));
  const text = (name: string) => `--${kebabCase(name)}: was ${shown(valueBefore(name))}, now ${shown(now[name])}`;
  const structural = differing.filter((name) => (STRUCTURE as readonly string[]).includes(name));
  if (structural.length > 0) {
    const fix = 'Leave them as they were, or start a new run with --init or --load-pretrain';
    throw new UsageError(`the run has other nets: ${structural.map(text).join('; ')}`, { file: root, fix });
  }
  if (differing.includes('valFraction')) {
    const fix = 'Leave it as it was, or measure another data set with --val';
    throw new UsageError(`the run has trained on what would be held out now: ${text('valFraction')}`, {
      file: root,
      fix,
    });
  }
  for (const name of differing.filter((each) => !QUIET.includes(each))) say(`Changed ${text(name)}`);
  const data = before.data as DataIdentity | undefined;
  if (data && data.names !== config.data.names) say(`Changed ${dataText(data, config.data)}`);
}
