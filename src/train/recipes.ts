// Schedules of several trainings, each of which starts from the one before, as data.

import type { OptionValues, TrainOptions } from '../options/table.js';
import type { Habits } from './due.js';

export type RecipeName = NonNullable<OptionValues<'recipe'>['recipe']>;
type Values = Partial<TrainOptions & Habits>;

/** The last training of a recipe; those before it, which make the trunk of a local generator, are derived from it. */
interface Recipe {
  /** Values where the command line gives none. */
  last: Values;
  /** Of the trainings before it, likewise. */
  earlier?: Values;
}

/** Epochs of 100 in which a local generator's trunk is fixed. */
const FIXED_SHARE = 0.1;

/**
 * Scripts of the reference, and two for what people ask of it. The reference's second training takes pictures as they are (2048×1024);
 * scaled to that width, pictures of any size have a first training at half of it.
 */
const RECIPES: Record<RecipeName, Recipe> = {
  '512p': { last: {} },
  '1024p': {
    last: { netG: 'local', ngf: 32, numD: 3, loadSize: 2048, niter: 50, niterDecay: 50 },
    earlier: { niter: 100, niterDecay: 100 },
  },
  edges: { last: { labelNc: 0, noInstance: true, resizeOrCrop: 'none' } },
  'single-image': {
    last: {
      // The first pair by name, whatever else is in the folder.
      serialBatches: true,
      maxDatasetSize: 1,
      resizeOrCrop: 'crop',
      fineSize: 256,
      scaleJitter: 0.2,
      niter: 8000,
      niterDecay: 8000,
      saveEpochFreq: 4000,
    },
  },
};

/** One training of a recipe. */
export interface Phase<O> {
  /** Name of its folder in the run's. */
  name: string;
  /** Its pictures are smaller than the last phase's by 2 to this power. */
  halvings: number;
  options: O;
}

/** Pictures as they are have no width to halve: they are scaled first. */
const SCALED: Partial<Record<TrainOptions['resizeOrCrop'], TrainOptions['resizeOrCrop']>> = {
  none: 'scale_width',
  crop: 'scale_width_and_crop',
};

/** What makes a training that of the trunk of another one, so many enhancers within. */
function trunkOf(last: TrainOptions, halvings: number): Partial<TrainOptions> {
  const enhancers = last.nLocalEnhancers - halvings;
  const part = 2 ** halvings;
  return {
    ...(enhancers > 0 ? { nLocalEnhancers: enhancers } : { netG: 'global', niterFixGlobal: 0 }),
    ngf: last.ngf * part,
    numD: Math.max(1, last.numD - halvings),
    resizeOrCrop: SCALED[last.resizeOrCrop] ?? last.resizeOrCrop,
    loadSize: Math.round(last.loadSize / part),
    fineSize: Math.round(last.fineSize / part),
  };
}

/** A tenth of the epochs, as the reference's 10 of 100, where a trunk is there to be fixed. */
const fixedEpochs = ({ netG, niter, niterDecay }: TrainOptions): Pick<TrainOptions, 'niterFixGlobal'> =>
  netG === 'local' ? { niterFixGlobal: Math.round(FIXED_SHARE * (niter + niterDecay)) } : { niterFixGlobal: 0 };

/**
 * The phases of a recipe in order: one, or for a local generator its trunk's and one for every enhancer. What `given` names holds in
 * all of them; filters, discriminators and sizes are the last phase's, of which those before it have what fits the trunk.
 * @param options all values, of which those named by `given` (camelCase) go before the recipe's
 */
export function phasesOf<O extends TrainOptions>(recipe: RecipeName, options: O, given: readonly string[]): Phase<O>[] {
  const { last, earlier = {} } = RECIPES[recipe];
  const free = (values: Values): Values =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !given.includes(name)));
  const complete = (values: Values): O => {
    const whole = { ...options, ...free(values) };
    return { ...whole, ...free(fixedEpochs(whole)) };
  };
  const end = complete(last);
  const count = end.netG === 'local' ? end.nLocalEnhancers : 0;
  return Array.from({ length: count + 1 }, (_, i) => {
    const halvings = count - i;
    const phase = halvings > 0 ? { ...complete({ ...last, ...earlier }), ...trunkOf(end, halvings) } : end;
    return { name: `${i + 1}-${phase.netG}`, halvings, options: phase };
  });
}
