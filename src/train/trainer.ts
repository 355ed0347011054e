import type { Classes } from '../data/colours.js';
import type { Batch } from '../data/dataset.js';
import { createRng } from '../data/rng.js';
import type { Device } from '../device/device.js';
import { type CompileOptions, createArena, type Feeds, type ProgramStats } from '../engine.js';
import { type Checkpoint, checkpointFiles, manifestOf, type Progress } from './checkpoint.js';
import { conditionFeeds, type SizedFeeds } from './feeds.js';
import { netsOf } from './nets.js';
import { paintingsOf, paintWith } from './painting.js';
import { destroyParts, isFixed, type Origin, partsOf, storingOf } from './parts.js';
import { createPool, fakesOf, poolFeeds } from './pool.js';
import type { Compiling, Health, Losses } from './programs.js';
import { standingOf, takeStep } from './stepper.js';

export type { Health, Losses };

export interface Trainer {
  /** One step on as many batches as the option `accumulate` says; `before` is where the training stands. */
  step(batches: readonly Batch[], before: Progress): Promise<Losses>;
  /** Of the last step; undefined before the first. */
  readonly health: Health | undefined;
  /** The generator's picture of a batch, in the style of its photo: f32 [N, outputNc, H, W] in [−1, 1]. */
  paint(batch: Batch): Promise<Float32Array>;
  /** The same picture, without a trace: kernels that only it needs do not become the training's. */
  observe(batch: Batch): Promise<Float32Array>;
  /** What to save; to be written before the next step. */
  checkpoint(progress: Progress): Checkpoint;
  /** Of the last step's program; undefined before the first. */
  readonly stats: ProgramStats | undefined;
  /** Frees all its memory on the device. */
  close(): void;
}

export interface TrainerOptions extends Origin {
  classes: Classes;
  compile?: Omit<CompileOptions, 'arena'>;
}

/** Stream of random numbers that the pool draws from. */
const POOL_STREAM = 0x9001;

/** Nets in training on a device. Steps for batches of every size share pipelines, memory and tensors. */
export function createTrainer(device: Device, options: TrainerOptions): Trainer {
  const { settings, classes, start = {} } = options;
  const { seed, poolSize, accumulate } = settings;
  const nets = netsOf(settings);
  const fixed = start.fixed ?? isFixed(settings, 1);
  const begun = partsOf(nets, options, fixed);
  // Filled as programs are compiled: sizes come when their pictures do.
  const choices = { ...start.kernels };
  const compiling: Compiling = { ...options.compile, ...storingOf(settings), choices, arena: createArena(device) };
  const paintings = paintingsOf(device, compiling, nets, begun);
  const now = standingOf({ device, compiling, nets, settings }, begun, fixed, start);
  const pool = poolSize > 0 ? createPool(poolSize, start.pool) : undefined;
  const conditions = (batch: Batch): SizedFeeds => conditionFeeds(batch, nets.encoding, begun.E !== undefined);

  /** Feeds of one of the batches of a step; with a pool, D's fake is painted and exchanged first. */
  async function feedsOf(batch: Batch, number: number): Promise<SizedFeeds> {
    const given = conditions(batch);
    const { size } = given;
    const feeds: Feeds = { ...given.feeds, image: batch.image! };
    if (!pool) return { size, feeds };
    const own = fakesOf(batch, await paintWith(paintings.judged, given));
    const fakes = pool.exchange(own, size, createRng(seed, POOL_STREAM, number));
    return { size, feeds: { ...feeds, ...poolFeeds(fakes) } };
  }

  return {
    get stats() {
      return now.programs.stats;
    },
    get health() {
      return now.health;
    },
    async step(batches, before) {
      const sized: SizedFeeds[] = [];
      for (const [i, batch] of batches.entries()) sized.push(await feedsOf(batch, before.step * accumulate + i));
      return takeStep(now, sized, before);
    },
    paint: (batch) => paintWith(paintings.shown, conditions(batch)),
    observe: (batch) => paintWith(paintings.observed, conditions(batch)),
    checkpoint(progress) {
      const { adam, fixed, lossScale, parts } = now;
      const state = { ...progress, adam, fixed, kernels: { ...choices }, lossScale };
      const manifest = manifestOf(nets, classes, progress.step);
      return { state, files: checkpointFiles(device, parts, manifest, state, pool) };
    },
    close() {
      now.programs.destroy();
      for (const programs of Object.values(paintings)) programs.destroy();
      compiling.arena.destroy();
      destroyParts(device, now.parts);
    },
  };
}
