import { LEARNING_OPTIONS } from './learning.js';
import { MACHINE_OPTIONS } from './machine.js';
import { camelCase, type OptionSpec, type ValuesOf } from './option.js';
import { PAINTING_OPTIONS } from './painting.js';
import { REFERENCE_OPTIONS } from './reference.js';
import { RUN_OPTIONS } from './runs.js';

/**
 * Every option of every command, under the reference's names in kebab-case and with its defaults. A command takes the rows
 * it names; the reference's own spelling (`--netG`, `--label_nc`) is understood everywhere.
 */
export const OPTIONS = {
  ...LEARNING_OPTIONS,
  ...RUN_OPTIONS,
  ...PAINTING_OPTIONS,
  ...REFERENCE_OPTIONS,
  ...MACHINE_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** Values of the named options: what a command gets, what a config file holds. */
export type OptionValues<N extends OptionName> = ValuesOf<typeof OPTIONS, N>;

/** What of a training decides its result: these go into config.json and the checkpoints. */
export const TRAIN_OPTIONS = [
  'phase',
  'label-nc',
  'dont-care',
  'no-instance',
  'input-nc',
  'output-nc',
  'resize-or-crop',
  'load-size',
  'fine-size',
  'no-flip',
  'scale-jitter',
  'color-jitter',
  'serial-batches',
  'max-dataset-size',
  'val-fraction',
  'batch-size',
  'net-g',
  'ngf',
  'n-downsample-global',
  'n-blocks-global',
  'n-local-enhancers',
  'n-blocks-local',
  'norm',
  'upsample',
  'padding',
  'ndf',
  'num-d',
  'n-layers-d',
  'spectral-norm',
  'instance-feat',
  'label-feat',
  'load-features',
  'feat-num',
  'nef',
  'n-downsample-e',
  'lambda-feat',
  'no-gan-feat-loss',
  'no-vgg-loss',
  'vgg-normalise',
  'gan-mode',
  'no-lsgan',
  'pool-size',
  'niter',
  'niter-decay',
  'lr',
  'lr-d',
  'niter-fix-global',
  'accumulate',
  'ema',
  'ema-start',
  'beta1',
  'on-nan',
  'seed',
  'precision',
] as const satisfies readonly OptionName[];

export type TrainOptions = OptionValues<(typeof TRAIN_OPTIONS)[number]>;

/** The options of a training where none is given. */
export const trainDefaults = (): TrainOptions => {
  const rows = TRAIN_OPTIONS.map((name) => {
    const row: OptionSpec = OPTIONS[name];
    return [camelCase(name), row.type === 'flag' ? false : row.default];
  });
  return Object.fromEntries(rows);
};
