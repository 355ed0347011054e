// train --recipe: trainings that follow one another, each from the weights of the one before.

import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Served } from '../server/loopback.js';
import { newestWhole, verifyCheckpoint } from '../train/checkpoint-folder.js';
import { lockedBy } from '../train/lock.js';
import { openTraining } from '../train/open-training.js';
import { newestStep, readRecipe, writeRecipe } from '../train/recipe-folder.js';
import { type Phase, phasesOf, type RecipeName } from '../train/recipes.js';
import { claimFolder, isRunFolder, readRunConfig } from '../train/run-folder.js';
import { totalSteps } from '../train/schedule.js';
import { watchRun } from '../watch/run.js';
import { serveRuns } from '../watch/server.js';
import type { Given } from './command.js';
import { fromAnywhere, KEPT_OPTIONS, picked } from './kept.js';
import type { TrainCommandOptions } from './train.js';

type Options = TrainCommandOptions & { out: string };

/** A recipe that is trained: what the command line says, and its phases with their folders. */
interface Course {
  root: string;
  options: Options & Given;
  phases: Phase<Options>[];
}

/** The training of a recipe that is to go on, or begin: behind one that is done comes the next. */
async function currentPhase({ root, options, phases }: Course): Promise<number> {
  const steps = await Promise.all(phases.map(({ options: { out } }) => newestStep(out)));
  const last = steps.findLastIndex((step) => step > 0);
  if (last < 0 || last === phases.length - 1) return Math.max(0, last);
  const { settings, dataset } = await openTraining(root, await begunOptions(phases[last]!, options), 0);
  return steps[last]! < totalSteps(settings, dataset.size, options.maxSteps) ? last : last + 1;
}

/** Of a training that has begun: its own, but for those that are given now. */
const begunOptions = async ({ options }: Phase<Options>, { given }: Given): Promise<Options> => ({
  ...options,
  ...picked(await readRunConfig(options.out), KEPT_OPTIONS),
  ...picked(options, given),
});

/** Options for a phase's training: it goes on, or begins from the weights of the one before. */
async function trainingOptions({ options, phases }: Course, number: number, say: (text: string) => void) {
  const phase = phases[number]!;
  const { out } = phase.options;
  const fresh = { ...phase.options, resume: false, continueTrain: false };
  if ((await newestStep(out)) > 0) {
    const begun = await begunOptions(phase, options);
    return { ...begun, resume: true, init: undefined, loadPretrain: undefined };
  }
  // It was ended before its first checkpoint: there is nothing to go on with, and all of it comes again.
  const { start } = isRunFolder(out) ? await readRunConfig(out) : {};
  if (isRunFolder(out) && !(await lockedBy(out))) await rm(out, { recursive: true });
  if (number === 0) return { ...fresh, ...(start ?? {}) };
  const before = phases[number - 1]!.options.out;
  const loadPretrain = await newestWhole(before, (folder) => verifyCheckpoint(folder).then(() => folder), say);
  return { ...fresh, init: undefined, loadPretrain, whichEpoch: 'latest', partial: false };
}

/** One page for all phases. */
async function openDashboard({ phases, options }: Course): Promise<Served> {
  const dashboard = await serveRuns(
    phases.map(({ name, options: { out } }) => watchRun(out, name)),
    options.port,
  );
  console.error(`Dashboard: ${dashboard.url}`);
  return dashboard;
}

/** The names of options that were given, now or when the recipe began. */
async function everGiven({ given, resume, continueTrain, out }: Options & Given): Promise<string[]> {
  const before = resume || continueTrain ? Object.keys((await readRecipe(out)).options) : [];
  return [...new Set([...before, ...given])];
}

/**
 * Trains a recipe's phases in order into folders of `out`, or goes on where it was stopped.
 * @param train one training @returns the exit code of a signal that ended it, if one did @throws what `train` throws
 */
export async function trainRecipe(
  root: string,
  recipe: RecipeName,
  options: Options & Given,
  train: (root: string, options: Options) => Promise<number | undefined>,
): Promise<number | undefined> {
  const say = (text: string) => (options.json ? undefined : console.error(text));
  const { out } = options;
  const undo = options.resume || options.continueTrain ? undefined : await claimFolder(out);
  const named = await everGiven(options);
  const phases = phasesOf<Options>(recipe, { ...options, dashboard: false }, named).map((phase) => ({
    ...phase,
    options: { ...phase.options, out: join(out, phase.name) },
  }));
  const course = { root, options, phases };
  let dashboard: Served | undefined;
  try {
    const kept = picked(
      fromAnywhere(options),
      KEPT_OPTIONS.filter((name) => named.includes(name)),
    );
    const names = phases.map(({ name }) => name);
    await writeRecipe(out, { recipe, dataroot: resolve(root), phases: names, options: kept });
    if (options.dashboard) dashboard = await openDashboard(course);
    for (let i = await currentPhase(course); i < phases.length; i++) {
      say(`Phase ${i + 1} of ${phases.length}: ${names[i]}`);
      const code = await train(root, await trainingOptions(course, i, say));
      if (code !== undefined) return code;
    }
    return undefined;
  } finally {
    await dashboard?.close();
    if (!phases.some((phase) => isRunFolder(phase.options.out))) await undo?.();
  }
}
