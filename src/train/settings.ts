// What the options of a training mean together.

import { UsageError } from '../errors.js';
import { type TrainOptions, trainDefaults } from '../options/table.js';

/** Options with everything decided that depends on the data set or on one another. */
export type Settings = Omit<TrainOptions, 'labelNc' | 'noLsgan'> & { labelNc: number };

/** Combinations that would train something else than was meant. */
const FAULTS: readonly [is: (options: TrainOptions) => boolean, problem: string, fix: string][] = [
  [
    ({ instanceFeat, labelFeat }) => instanceFeat && labelFeat,
    '--instance-feat and --label-feat',
    'Give one of them: a style for every instance, or for every class',
  ],
  [
    ({ instanceFeat, noInstance }) => instanceFeat && noInstance,
    '--instance-feat with --no-instance',
    'Styles of instances need instance maps; --label-feat does without',
  ],
  [
    ({ labelFeat, labelNc }) => labelFeat && labelNc === 0,
    '--label-feat with --label-nc 0',
    'Styles of classes need a label map',
  ],
  [
    ({ loadFeatures, instanceFeat, labelFeat }) => loadFeatures && !instanceFeat && !labelFeat,
    '--load-features without --instance-feat or --label-feat',
    'Say what the loaded styles belong to',
  ],
  [
    ({ niterFixGlobal, netG }) => niterFixGlobal > 0 && netG === 'global',
    '--niter-fix-global with --net-g global',
    'Only a local generator has a trunk to fix: add --net-g local',
  ],
  [
    ({ noLsgan, ganMode }) => noLsgan && ganMode === 'hinge',
    '--no-lsgan with --gan-mode hinge',
    '--no-lsgan means --gan-mode bce; give one of them',
  ],
];

/** @param labelNc classes where the option leaves it open @throws UsageError for a combination that means nothing */
export function settingsOf(options: TrainOptions, labelNc: number): Settings {
  const fault = FAULTS.find(([is]) => is(options));
  if (fault) throw new UsageError(`${fault[1]} cannot go together`, { fix: fault[2] });
  const { noLsgan, ...rest } = options;
  return { ...rest, labelNc, ganMode: noLsgan ? 'bce' : options.ganMode };
}

/** Settings for a program: what is not given has the command line's default. */
export const trainSettings = (given: Partial<TrainOptions> & { labelNc: number }): Settings =>
  settingsOf({ ...trainDefaults(), ...given }, given.labelNc);
