import type { Classes } from '../data/colours.js';
import type { Batch } from '../data/dataset.js';
import { createRng } from '../data/rng.js';
import type { Device } from '../device/device.js';
import {
  type Choices,
  type CompileOptions,
  createArena,
  destroy,
  type Feeds,
  input,
  type ProgramSpec,
  type ProgramStats,
  type Tensor,
} from '../engine.js';
import { sizedPrograms } from '../graph/sizes.js';
import type { Maps } from '../nets/discriminator.js';
import { encodeInput } from '../nets/encode-input.js';
import { createVariables, type Lookup, lookup, type Values, type Variables } from '../nets/parameters.js';
import { vgg19 } from '../nets/vgg.js';
import { ADAM, adamFeeds, adamScalars, newMoments, type Trainee } from './adam.js';
import { type Checkpoint, checkpointFiles, manifestOf, type Progress, type Start } from './checkpoint.js';
import { isGradientName } from './faults.js';
import { conditionFeeds, type Size, type SizedFeeds } from './feeds.js';
import { canShrink, FIRST_SCALE, type LossScale, nextScale } from './loss-scale.js';
import { type Nets, netsOf } from './nets.js';
import { createPool, fakesOf, poolFeeds } from './pool.js';
import { type Health, type Losses, type StepPrograms, stepPrograms } from './programs.js';
import { learningRates } from './schedule.js';
import type { Settings } from './settings.js';
import { beside, type Judge, mayBeSkipped, styleInput } from './step.js';
import { averagesOf, destroyMoments, destroyTrainee, trainee, vectorsOf } from './trainees.js';

export type { Health, Losses };

export interface Trainer {
  /** One step on as many batches as the option `accumulate` says; `before` is where the training stands. */
  step(batches: readonly Batch[], before: Progress): Promise<Losses>;
  /** Of the last step; undefined before the first. */
  readonly health: Health | undefined;
  /** The generator's picture of a batch, in the style of its photo: f32 [N, outputNc, H, W] in [−1, 1]. */
  paint(batch: Batch): Promise<Float32Array>;
  /** What to save; to be written before the next step. */
  checkpoint(progress: Progress): Checkpoint;
  /** Of the last step's program; undefined before the first. */
  readonly stats: ProgramStats | undefined;
  /** Frees all its memory on the device. */
  close(): void;
}

export interface TrainerOptions {
  settings: Settings;
  classes: Classes;
  /** VGG19's tensors, by torchvision's names; without them there is no perceptual loss. */
  vgg?: Values;
  /** What is not drawn anew. */
  start?: Start;
  compile?: Omit<CompileOptions, 'arena'>;
}

/** Stream of random numbers that the pool draws from. */
const POOL_STREAM = 0x9001;

/** While the trunk is fixed, the outermost enhancer alone is trained. */
const isFixed = ({ netG, niterFixGlobal }: Settings, epoch: number): boolean =>
  netG === 'local' && epoch <= niterFixGlobal;

const judgeOf = (vgg: Values, imagenet: boolean, half: boolean): Judge => {
  const net = vgg19();
  return { net, variables: createVariables(net.parameters, vgg, half), imagenet };
};

/** With its averages, where there are some: those are what a checkpoint's user will see. */
export const paramsOf =
  ({ variables, averages }: Trainee<unknown>): Lookup =>
  (name) =>
    averages?.[name] ?? variables[name]!;

/** What is trained and what judges. G and E change when the trunk is released. */
interface Parts {
  G: Trainee<Tensor>;
  E?: Trainee<Tensor>;
  D: Trainee<Maps>;
  V?: Judge;
  vectors?: Variables;
}

export function partsOf(nets: Nets, { settings, vgg, start = {} }: TrainerOptions, fixed: boolean): Parts {
  const { seed, nLocalEnhancers } = settings;
  const outermost = (name: string) => name.startsWith(`model${nLocalEnhancers}_`);
  const G = trainee('G', nets.G, seed, start, fixed ? outermost : undefined);
  return {
    G: settings.ema > 0 ? { ...G, averages: averagesOf(nets.G, seed, start) } : G,
    E: nets.E && trainee('E', nets.E, seed, start),
    D: trainee<Maps>('D', nets.D, seed, start),
    V: vgg && judgeOf(vgg, settings.vggNormalise, isScaled(settings)),
    vectors: settings.spectralNorm ? vectorsOf(nets.D, seed, start) : undefined,
  };
}

/** From here on everything of G and E is trained, and their Adam starts anew. */
function released(device: Device, { G, E, ...rest }: Parts): Parts {
  const anew = <Output>(part: Trainee<Output>): Trainee<Output> => {
    destroyMoments(device, part);
    return { ...part, moments: newMoments(part.net) };
  };
  return { ...rest, G: anew(G), E: E && anew(E) };
}

function destroyParts(device: Device, { G, D, E, V, vectors }: Parts): void {
  for (const part of E ? [G, D, E] : [G, D]) destroyTrainee(device, part);
  for (const tensor of Object.values({ ...V?.variables })) destroy(device, tensor);
  for (const tensor of Object.values({ ...vectors })) destroy(device, tensor);
}

const ratesOf = ({ beta1 }: Settings) => ({ ...ADAM, beta1 });

/** Gradients in half floats need losses of a scale. */
const isScaled = ({ precision }: Settings): boolean => precision === 'f16';

/** How a training's programs store what they compute; what the command line leaves open is f32. */
export const storingOf = ({ precision }: Settings): Pick<CompileOptions, 'precision'> => ({
  precision: precision === 'f16' ? 'f16' : 'f32',
});

/** A training's step, of whatever size: the same for who runs it and for who plans its memory. */
export function stepOf(settings: Settings, { encoding, generator }: Nets, parts: Parts) {
  const { ganMode, lambdaFeat, noGanFeatLoss, poolSize, onNan } = settings;
  const losses = { ganMode, lambdaFeat, noGanFeatLoss, pool: poolSize > 0, onNan, scaled: isScaled(settings) };
  return { encoding, outputNc: generator.outputNc, ...parts, adam: ratesOf(settings), ...losses };
}

/** The generator alone, in the style of a photo where it takes styles. */
export const paintingOf = (
  { encoding, generator }: Nets,
  { G, E }: Parts,
  [n, h, w, regions]: Size,
  params: Lookup,
): ProgramSpec => {
  const { inputs, condition } = encodeInput(encoding, [n, h, w]);
  const image = input([n, generator.outputNc, h, w]);
  const style = styleInput({ encoding, extent: [n, h, w], E, regions }, image);
  const picture = G.net.forward(beside([condition, ...style.styles]), params);
  return { inputs: { ...inputs, ...style.inputs, ...(E ? { image } : {}) }, outputs: { picture } };
};

/** What a step says about its scale: overflow is when gradients alone have faults, and it may be the scale's. */
const scaleHealth = (lossScale: LossScale, { weights, others }: Health): Pick<Health, 'lossScale' | 'overflowed'> => ({
  lossScale: lossScale.scale,
  overflowed:
    canShrink(lossScale) && weights.length === 0 && others.length > 0 && others.every((name) => isGradientName(name)),
});

/** Nets in training on a device. Steps for batches of every size share pipelines, memory and tensors. */
export function createTrainer(device: Device, options: TrainerOptions): Trainer {
  const { settings, classes, start = {} } = options;
  const { seed, poolSize, accumulate } = settings;
  const nets = netsOf(settings);
  const { encoding } = nets;
  const rates = ratesOf(settings);
  // Filled as programs are compiled: sizes come when their pictures do.
  const kernels: Choices = { ...start.kernels };
  const compiling = { ...options.compile, ...storingOf(settings), choices: kernels, arena: createArena(device) };
  const adam = { ...(start.adam ?? { G: 0, D: 0 }) };
  const pool = poolSize > 0 ? createPool(poolSize, start.pool) : undefined;
  let fixed = start.fixed ?? isFixed(settings, 1);
  let parts = partsOf(nets, options, fixed);
  let health: Health | undefined;
  let lossScale = isScaled(settings) ? (start.lossScale ?? FIRST_SCALE) : undefined;

  const programsOf = (): StepPrograms => {
    return stepPrograms(device, compiling, stepOf(settings, nets, parts), accumulate);
  };
  let programs = programsOf();
  const paintersWith = (params: Lookup) =>
    sizedPrograms(device, compiling.arena, (size: Size) => paintingOf(nets, parts, size, params), compiling);
  const painters = paintersWith(paramsOf(parts.G));
  /** What D judges is always of the weights themselves. */
  const fakers = pool && parts.G.averages ? paintersWith(lookup(parts.G.variables)) : painters;

  function release(): void {
    programs.destroy();
    parts = released(device, parts);
    adam.G = 0;
    fixed = false;
    programs = programsOf();
  }

  const sizedFeeds = (batch: Batch): SizedFeeds => conditionFeeds(batch, encoding, parts.E !== undefined);
  async function paintWith(programs: typeof painters, { size, feeds }: SizedFeeds): Promise<Float32Array> {
    const { picture } = await (await programs.of(size)).run(feeds);
    return picture as Float32Array;
  }

  /** Feeds of one of the batches of a step; with a pool, D's fake is painted and exchanged first. */
  async function feedsOf(batch: Batch, number: number): Promise<SizedFeeds> {
    const given = sizedFeeds(batch);
    const { size, feeds } = given;
    const all: Feeds = { ...feeds, image: batch.image! };
    if (!pool) return { size, feeds: all };
    const own = fakesOf(batch, await paintWith(fakers, given));
    const fakes = pool.exchange(own, size, createRng(seed, POOL_STREAM, number));
    return { size, feeds: { ...all, ...poolFeeds(fakes) } };
  }

  return {
    get stats() {
      return programs.stats;
    },
    get health() {
      return health;
    },
    async step(batches, { step, cursor }) {
      if (fixed && !isFixed(settings, cursor.epoch)) release();
      const lr = learningRates(settings, cursor.epoch);
      const feeds: Feeds = {
        ...adamFeeds('G', adamScalars(++adam.G, lr.G, rates)),
        ...adamFeeds('D', adamScalars(++adam.D, lr.D, rates)),
        ...(settings.ema > 0 ? { 'G.follow': step < settings.emaStart ? 1 : 1 - settings.ema } : {}),
      };
      const sized: SizedFeeds[] = [];
      for (const [i, batch] of batches.entries()) sized.push(await feedsOf(batch, step * accumulate + i));
      const { losses, health: found } = await programs.step(
        sized,
        feeds,
        lossScale ? { lossScale: lossScale.scale } : {},
      );
      health = { ...found, ...(lossScale ? scaleHealth(lossScale, found) : {}) };
      if (
        mayBeSkipped({ ...settings, scaled: lossScale !== undefined }) &&
        found.weights.length + found.others.length > 0
      ) {
        adam.G--;
        adam.D--;
      }
      if (lossScale) lossScale = nextScale(lossScale, health.overflowed === true);
      return losses;
    },
    paint: (batch) => paintWith(painters, sizedFeeds(batch)),
    checkpoint(progress) {
      const scale = lossScale ? { lossScale: { ...lossScale } } : {};
      const state = { ...progress, adam: { ...adam }, fixed, kernels: { ...kernels }, ...scale };
      const manifest = manifestOf(nets, classes, progress.step);
      return { state, files: checkpointFiles(device, parts, manifest, state, pool) };
    },
    close() {
      programs.destroy();
      painters.destroy();
      fakers.destroy();
      compiling.arena.destroy();
      destroyParts(device, parts);
    },
  };
}
