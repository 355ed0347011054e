// The programs of a training: one for the plain step, or two where gradients of several batches add up.

import type { Device } from '../device/device.js';
import { type Arena, type CompileOptions, compile, destroy, type Feeds, type ProgramStats } from '../engine.js';
import { sizedPrograms } from '../graph/sizes.js';
import { zerosLike } from './adam.js';
import { FAULT, faultNames, SATURATED } from './faults.js';
import type { Size, SizedFeeds } from './feeds.js';
import { accumulatingStep, applyingStep, mayBeSkipped, type StepOptions, trainingStep } from './step.js';

/** By the reference's names: G_GAN, G_GAN_Feat, G_VGG, D_real, D_fake. */
export type Losses = Record<string, number>;

/** What a step tells besides its losses. */
export interface Health {
  /** Weights that are no numbers, in words: no later step can mend them. */
  weights: string[];
  /** Other tensors with NaN or infinity. */
  others: string[];
  /** Share of the picture's values at the ends of tanh. */
  saturated: number;
  /** What the losses were multiplied by, where gradients are half floats. */
  lossScale?: number;
  /** With that some gradients were too large for halves: the step changed nothing, and the next one has half the scale. */
  overflowed?: boolean;
}

export interface Outcome {
  losses: Losses;
  health: Health;
}

export interface StepPrograms {
  /** One step on the batches that make it, all of one length; `rates` are Adam's inputs, `scale` is the losses' where they have one. */
  step(batches: readonly SizedFeeds[], rates: Feeds, scale: Feeds): Promise<Outcome>;
  /** Of the program that ran last; undefined before the first. */
  readonly stats: ProgramStats | undefined;
  destroy(): void;
}

export type Compiling = CompileOptions & { arena: Arena };
type Options = Omit<StepOptions, 'extent' | 'regions'>;

const sized = (options: Options, [n, h, w, regions]: Size): StepOptions => ({ ...options, extent: [n, h, w], regions });

type Outputs = Record<string, ArrayLike<number>>;

/** Losses, and what else there is, as means over the outputs of programs that made one step; faults of any of them. */
function outcomeOf(all: readonly Outputs[], applied: Outputs = {}): Outcome {
  const means = Object.keys(all[0]!)
    .filter((name) => !name.startsWith(FAULT))
    .map((name) => [name, all.reduce((sum, each) => sum + each[name]![0]!, 0) / all.length] as const);
  const { [SATURATED]: saturated = 0, ...losses } = Object.fromEntries(means);
  const faults = [...all, applied].map(faultNames);
  const named = (kind: 'weights' | 'others') => [...new Set(faults.flatMap((each) => each[kind]))];
  return { losses, health: { weights: named('weights'), others: named('others'), saturated } };
}

function plainPrograms(device: Device, compiling: Compiling, options: Options): StepPrograms {
  const programs = sizedPrograms(
    device,
    compiling.arena,
    (size: Size) => trainingStep(sized(options, size)),
    compiling,
  );
  let stats: ProgramStats | undefined;
  return {
    get stats() {
      return stats;
    },
    async step([batch], rates, scale) {
      const program = await programs.of(batch!.size);
      stats = program.stats;
      return outcomeOf([await program.run({ ...batch!.feeds, ...rates, ...scale })]);
    },
    destroy: () => programs.destroy(),
  };
}

function accumulatingPrograms(device: Device, compiling: Compiling, options: Options, batches: number): StepPrograms {
  const { G, D, E } = options;
  const sums = { G: [...zerosLike(G), ...(E ? zerosLike(E) : [])], D: zerosLike(D) };
  const programs = sizedPrograms(
    device,
    compiling.arena,
    (size: Size) => accumulatingStep(sized(options, size), sums, batches),
    compiling,
  );
  const applying = compile(device, applyingStep(options, sums), compiling);
  applying.catch(() => {}); // it is thrown where it is awaited
  let stats: ProgramStats | undefined;
  return {
    get stats() {
      return stats;
    },
    async step(parts, rates, scale) {
      const outputs: Outputs[] = [];
      for (const { size, feeds } of parts) {
        const program = await programs.of(size);
        stats = program.stats;
        outputs.push(await program.run({ ...feeds, ...scale }));
      }
      const { weights, others } = outcomeOf(outputs).health;
      const faults: Feeds = mayBeSkipped(options) ? { faults: weights.length + others.length } : {};
      return outcomeOf(outputs, await (await applying).run({ ...rates, ...scale, ...faults }));
    },
    destroy() {
      programs.destroy();
      applying.then(
        (program) => program.destroy(),
        () => {},
      );
      for (const sum of [...sums.G, ...sums.D]) destroy(device, sum);
    },
  };
}

/** @param batches how many make a step */
export const stepPrograms = (device: Device, compiling: Compiling, options: Options, batches: number): StepPrograms =>
  batches > 1 ? accumulatingPrograms(device, compiling, options, batches) : plainPrograms(device, compiling, options);
