// pix2pixhd train: from a folder of label maps and photos to a trained generator.

import { join, resolve } from 'node:path';
import { resumeFrom } from '../convert/start.js';
import { findVgg, openVgg, VGG_URL } from '../convert/vgg.js';
import { type Loaders, startLoaders } from '../data/loaders.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { UsageError } from '../errors.js';
import { keepingOpen } from '../formats/keep-open.js';
import type { Precision } from '../graph/half.js';
import { keptMultiple } from '../nets/encoder.js';
import { IGNORED_OPTIONS } from '../options/reference.js';
import { type OptionValues, TRAIN_OPTIONS } from '../options/table.js';
import type { Served } from '../server/loopback.js';
import { keepBest } from '../train/best.js';
import { checkSame } from '../train/config.js';
import type { JudgesPlan, TrainingPlan } from '../train/estimate.js';
import { withEvents } from '../train/events.js';
import { architecturesOf, netsOf } from '../train/nets.js';
import { openTraining } from '../train/open-training.js';
import {
  batchSizeOf,
  checkTraining,
  largestHeld,
  largestPicture,
  largestSize,
  type Training,
} from '../train/prepare.js';
import { isRecipeFolder, readRecipe } from '../train/recipe-folder.js';
import { type Phase, phasesOf } from '../train/recipes.js';
import { throughLosses } from '../train/recover.js';
import { runConfig } from '../train/run-config.js';
import { continueRun, createRun, isRunFolder, type RunFolder, readRunConfig } from '../train/run-folder.js';
import { type Settings, settingsOf } from '../train/settings.js';
import { type From, type Hooks, lastStep, train as runTraining } from '../train/train.js';
import type { Measuring } from '../train/validation.js';
import { openRuns } from '../watch/run.js';
import { serveRuns } from '../watch/server.js';
import { commandOf, self } from './command.js';
import { dryRun, type Planned, plannedTraining, settledPrecision, withinMemory, withKept } from './dry-run.js';
import { KEPT_OPTIONS, keptValues } from './kept.js';
import { forcedKernels, KERNEL_OPTIONS, kernelSetting, planningOf } from './kernels.js';
import { allocatedText } from './memory.js';
import { goesOn, type Origin, originOf, startOf } from './origin.js';
import { profilerOf, tracePath } from './profile.js';
import { progressLine } from './progress.js';
import { trainRecipe } from './recipe.js';
import { onStopSignals } from './signals.js';
import { sizeOf } from './size.js';
import { reporter, type Say, teller } from './train-report.js';
import { measuringOf, measuringText, VALIDATION_OPTIONS } from './validation.js';

export const TRAIN_COMMAND_OPTIONS = [
  ...TRAIN_OPTIONS,
  'max-steps',
  'vgg',
  'init',
  'load-pretrain',
  'partial',
  'resume',
  'continue-train',
  'which-epoch',
  'cache-mb',
  'n-threads',
  'no-check',
  'out',
  'print-freq',
  'display-freq',
  'save-latest-freq',
  'save-epoch-freq',
  ...VALIDATION_OPTIONS,
  'dashboard',
  'port',
  'tensorboard',
  'tf-log',
  'json',
  'adapter',
  ...KERNEL_OPTIONS,
  'profile',
  'recompute',
  'memory-gb',
  ...IGNORED_OPTIONS,
] as const;
export type TrainCommandOptions = OptionValues<(typeof TRAIN_COMMAND_OPTIONS)[number]>;

const DETAILS = `A command line of the reference is understood as it stands: its spelling of
options (--netG, --label_nc), --dataroot for DATAROOT, and --name with
--checkpoints_dir for --out. Options that change nothing here are told.`;

/** The command line's file, which is its loading threads' as well. */
const HERE = new URL(import.meta.url);

/** What the reference's \`debug\` sets. */
const DEBUG = { displayFreq: 1, printFreq: 1, niter: 1, niterDecay: 0, maxDatasetSize: 10 };

/** The run's folder, by our option or by the reference's two. @throws UsageError where neither is given */
export function outOf({ out, name, checkpointsDir }: { out?: string; name?: string; checkpointsDir: string }): string {
  if (out ?? name) return out ?? join(checkpointsDir, name!);
  throw new UsageError('--out is missing', { fix: 'Give --out DIR, a folder for the run' });
}

type Places = { out?: string; name?: string; checkpointsDir: string; resume: boolean; continueTrain: boolean };

/** `train --resume RUN`: the one folder given is the run, which knows its data. */
const onlyRun = ({ out, name, resume, continueTrain }: Places, given?: string): string | undefined =>
  (resume || continueTrain) && !(out ?? name) && given && (isRunFolder(given) || isRecipeFolder(given))
    ? given
    : undefined;

/** The options of the run that goes on; its options of one start alone do not hold for the next. */
async function storedOptions(options: Places, given?: string): Promise<Record<string, unknown>> {
  if (!options.resume && !options.continueTrain) return {};
  const root = onlyRun(options, given) ?? outOf(options);
  if (!isRecipeFolder(root)) return readRunConfig(root, '--resume goes on with a run that is there');
  const { recipe, dataroot, options: stored } = await readRecipe(root);
  return { ...stored, recipe, dataroot };
}

export const train = commandOf({
  name: 'train',
  args: '[DATAROOT]',
  details: DETAILS,
  help: 'train on the folders train_label, train_inst and train_img of DATAROOT',
  options: [...TRAIN_COMMAND_OPTIONS, 'recipe', 'dataroot', 'name', 'checkpoints-dir', 'debug', 'dry-run', 'size'],
  stored: storedOptions,
  async run({ dataroot, debug, dryRun: dry, size, recipe, given: names, ...options }, given) {
    const run = onlyRun(options, given);
    const root = (run ? undefined : given) ?? dataroot;
    if (dry)
      return recipe
        ? dryRecipe(root, size, options, phasesOf(recipe, options, names))
        : dryTraining(root, size, options);
    if (!root) throw new UsageError('DATAROOT is missing', { fix: 'Give the folder that holds train_label and so on' });
    const out = run ?? outOf(options);
    const command = { ...options, ...(debug ? DEBUG : {}), out };
    process.exitCode = recipe
      ? await trainRecipe(root, recipe, { ...command, given: names }, trainCommand)
      : await trainCommand(root, command);
    if (!options.json) console.error(`Next: ${self()} generate --checkpoint ${out} --labels PATH --out DIR`);
  },
});

/** Reads the data set once, unless told not to. */
async function check(training: Training, options: TrainCommandOptions, looks: Loaders): Promise<void> {
  const say = teller(options);
  const total = training.dataset.samples.length;
  const head = `Data: ${total} samples of ${training.root} (${options.phase}), ${training.classes.names.length} classes`;
  if (options.noCheck) return say(`${head}, not checked`);
  const line = options.json ? undefined : progressLine(total);
  const read = await checkTraining(training, looks, (done) =>
    line?.update(done, 'reading the data set', false),
  ).finally(() => line?.end());
  say(`${head}, ${read < total ? `the first ${read}` : 'all'} read and in order`);
}

/** VGG19's weights, and settings without the perceptual loss where they are not there. */
function withVgg(training: Training, { vgg }: TrainCommandOptions, say: Say) {
  if (training.settings.noVggLoss) return { training };
  const path = findVgg(vgg);
  if (path) return { training, path };
  say(`VGG19's weights are not here, so this training has no perceptual loss: pictures are less sharp.
Get ${VGG_URL}
and give --vgg FILE; or --no-vgg-loss, and this is not said again.`);
  return { training: { ...training, settings: { ...training.settings, noVggLoss: true } } };
}

const judgesPlan = async (
  { classes }: Training,
  { metrics, lpips }: Measuring,
  looks: Loaders,
): Promise<JudgesPlan> => ({
  segmenter: metrics.includes('consistency')
    ? { classes: classes.names.length, learned: await largestPicture(looks) }
    : undefined,
  lpips,
});

/** A training as far as its memory depends on it. */
const trainingPlan = async (
  training: Training,
  vgg: boolean,
  options: TrainCommandOptions,
  looks: Loaders,
  measuring?: Measuring,
): Promise<TrainingPlan> => ({
  settings: training.settings,
  size: await largestSize(training, looks),
  held: await largestHeld(training),
  judges: measuring && (await judgesPlan(training, measuring, looks)),
  vgg,
  compile: { ...planningOf(options), recompute: options.recompute },
});

const precisely = <T extends { settings: Settings }>(of: T, precision: Precision): T => ({
  ...of,
  settings: { ...of.settings, precision },
});

/** Plans for the pictures of a data set, or for a size without any; with the perceptual loss, wherever its weights are. */
async function dryTraining(root: string | undefined, size: string | undefined, options: TrainCommandOptions) {
  const vgg = !options.noVggLoss;
  const compile = { ...planningOf(options), recompute: options.recompute };
  const training = root ? await openTraining(root, options, options.cacheMb * 1e6) : undefined;
  const steps = training && lastStep(training, options, 0);
  if (size !== undefined) {
    const settings = training?.settings ?? settingsOf(options, options.labelNc ?? 35);
    const { generator, encoder } = architecturesOf(settings);
    const batch = batchSizeOf(sizeOf(size), { ...settings, multiple: keptMultiple(generator, encoder) });
    return dryRun(
      (precision) => plannedTraining(precisely({ settings, size: batch, vgg, compile }, precision), steps),
      options,
    );
  }
  if (!training)
    throw new UsageError('DATAROOT is missing', { fix: 'Give the data set, or --size 1024x512 to plan without' });
  const looks = startLoaders(HERE, training.dataset, 0);
  await check(training, options, looks);
  await keepingOpen(async (keep) => {
    const plan = await trainingPlan(training, vgg, options, looks, measuringOf(options, training, keep));
    await dryRun((precision) => plannedTraining(precisely(plan, precision), steps), options);
  });
}

/** Every phase of a recipe; `size` is the last one's. */
async function dryRecipe(
  root: string | undefined,
  size: string | undefined,
  { json }: TrainCommandOptions,
  phases: Phase<TrainCommandOptions>[],
): Promise<void> {
  for (const { name, halvings, options } of phases) {
    if (!json) console.log(`${halvings === phases.length - 1 ? '' : '\n'}Phase ${name}`);
    const { width, height } = size === undefined ? { width: 0, height: 0 } : sizeOf(size);
    const smaller = [width, height].map((side) => Math.max(1, Math.round(side / 2 ** halvings))).join('x');
    await dryTraining(root, size && smaller, options);
  }
}

type Command = TrainCommandOptions & { out: string };

interface Session {
  training: Training;
  options: Command;
  run: RunFolder;
  planned(precision: Precision): Planned;
  /** Where it starts; with `again` after its device was lost. */
  from(again: boolean): Promise<From>;
  after(device: Device, training: Training): Promise<void>;
  loaders: Loaders;
  measuring?: Measuring;
}

/** The training with its precision decided, its checkpoint's where one goes on and may choose, and with what is kept beside it. */
async function settled(device: Device, { training, options, planned }: Session, { start, progress }: From) {
  const before = options.precision === 'auto' && progress ? (start?.lossScale ? 'f16' : 'f32') : options.precision;
  const precision = await settledPrecision(device, before, planned, options.memoryGb);
  return {
    training: precisely(training, precision),
    planned: await withKept(device, planned(precision), options.memoryGb),
  };
}

/** Trains on one device, within the memory that it may have. @returns the training as it was settled */
async function trainOn(device: Device, session: Session, from: From, hooks: Hooks): Promise<Training> {
  const { options, run, loaders, measuring } = session;
  const { training, planned } = await settled(device, session, from);
  const best = measuring?.best && (await keepBest(run.root, measuring.best));
  const all = { ...from, compile: { ...from.compile, keep: planned.keep }, measuring, best, source: loaders };
  await withinMemory(device, planned, options.memoryGb, teller(options), () =>
    runTraining(device, training, run, options, hooks, all),
  );
  return training;
}

/** Trains, telling how it goes; Ctrl-C saves first. @returns the exit code of a signal that ended it, if one did */
async function trainWithProgress(session: Session): Promise<number | undefined> {
  const { options, run, from, after } = session;
  let reached = 0;
  let say = (text: string): void => console.error(text);
  const stop = onStopSignals((text) => say(text));
  const attempt = async (device: Device, again: boolean) => {
    const kernels = kernelSetting(options, (text) => say(text));
    const profile = await profilerOf(device, 'step', { ...options, out: run.root }, (text) => say(text));
    const report = reporter(device, options, stop.signal, kernels.stop, (step) => {
      reached = Math.max(reached, step);
      profile?.done();
    });
    say = report.hooks.onNote;
    const start = await from(again);
    if (again) await run.rewind(start.progress?.step ?? 0);
    const compile = { ...kernels.compile, recompute: options.recompute };
    let training: Training;
    try {
      training = await trainOn(device, session, { ...start, compile }, report.hooks);
      profile?.end();
    } finally {
      report.end();
    }
    teller(options)(allocatedText(device));
    if (stop.code() === undefined) await after(device, training);
    return stop.code();
  };
  try {
    return await throughLosses({
      open: () => openDevice(options),
      attempt,
      reached: () => reached,
      say: (text) => say(text),
    });
  } finally {
    stop.release();
  }
}

/** The page of this run. */
async function openDashboard({ root }: RunFolder, { port }: TrainCommandOptions): Promise<Served> {
  const dashboard = await serveRuns(await openRuns([root]), port);
  console.error(`Dashboard: ${dashboard.url}`);
  return dashboard;
}

/** The run's folder, a new one or as it was after a step, with a file of events where one is wanted. */
async function openRun(options: Command, config: Record<string, unknown>, step: number): Promise<RunFolder> {
  const folder = await (goesOn(options) ? continueRun(options.out, config, step) : createRun(options.out, config));
  return options.tensorboard || options.tfLog ? withEvents(folder, config) : folder;
}

/**
 * Everything from the data folder to the last checkpoint, then `after` with the same device.
 * @returns the exit code of a signal that ended it, if one did
 */
export async function trainCommand(
  root: string,
  options: Command,
  after: Session['after'] = async () => {},
): Promise<number | undefined> {
  const say = teller(options);
  // What is wrong with these is told before the data are read.
  if (options.forceKernel) forcedKernels(options.forceKernel);
  if (options.profile !== undefined) tracePath(options.profile, options.out);
  const opened = await openTraining(root, options, options.cacheMb * 1e6);
  const { training, path: vgg } = withVgg(opened, options, (text) => console.error(text));
  return keepingOpen(async (keep) => {
    const measuring = measuringOf(options, training, keep);
    const origin = goesOn(options) ? ((await readRunConfig(options.out)).start as Origin) : originOf(options);
    const kept = await runConfig(resolve(root), training, keptValues(training, options, vgg), KEPT_OPTIONS);
    const config = { ...kept, start: origin };
    if (goesOn(options)) await checkSame(options.out, config, say);
    const first = {
      ...(await startOf(training, options, origin, keep, say)),
      ...(vgg ? { vgg: openVgg(vgg, keep) } : {}),
    };
    lastStep(training, options, first.progress?.step ?? 0);
    const from = async (again: boolean): Promise<From> =>
      again ? { ...first, ...(await resumeFrom(options.out, netsOf(training.settings), keep, say)) } : first;
    const run = await openRun(options, config, first.progress?.step ?? 0);
    const loaders = startLoaders(HERE, training.dataset, options.nThreads);
    let dashboard: Served | undefined;
    try {
      if (options.dashboard) dashboard = await openDashboard(run, options);
      await check(training, options, loaders);
      if (measuring) say(measuringText(training, measuring));
      const plan = await trainingPlan(training, vgg !== undefined, options, loaders, measuring);
      const planned = (precision: Precision) => plannedTraining(precisely(plan, precision));
      return await trainWithProgress({ training, options, run, planned, from, after, loaders, measuring });
    } finally {
      await loaders.close();
      await dashboard?.close();
      await run.close();
    }
  });
}
