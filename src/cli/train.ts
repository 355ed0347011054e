// pix2pixhd train: from a folder of label maps and photos to a trained generator.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pretrainedFrom, resumeFrom, startFrom } from '../convert/start.js';
import { findVgg, openVgg, VGG_URL } from '../convert/vgg.js';
import { type Loaders, startLoaders } from '../data/loaders.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { UsageError } from '../errors.js';
import { type Keep, keepingOpen } from '../formats/keep-open.js';
import type { Precision } from '../graph/half.js';
import { mib } from '../graph/profile.js';
import { keptMultiple } from '../nets/encoder.js';
import { camelCase } from '../options/option.js';
import { IGNORED_OPTIONS } from '../options/reference.js';
import { type OptionValues, TRAIN_OPTIONS } from '../options/table.js';
import type { Served } from '../server/loopback.js';
import { checkSame } from '../train/config.js';
import type { TrainingPlan } from '../train/estimate.js';
import { withEvents } from '../train/events.js';
import { architecturesOf, netsOf } from '../train/nets.js';
import { batchSizeOf, checkTraining, largestSize, openTraining, type Training } from '../train/prepare.js';
import { throughLosses } from '../train/recover.js';
import { continueRun, createRun, type RunFolder, readRunConfig } from '../train/run-folder.js';
import { type Settings, settingsOf } from '../train/settings.js';
import { type From, type Hooks, lastStep, train as runTraining, type StepReport } from '../train/train.js';
import type { Trainer } from '../train/trainer.js';
import { openRuns } from '../watch/run.js';
import { serveRuns } from '../watch/server.js';
import { commandOf, self } from './command.js';
import { dryRun, type Planned, plannedTraining, settledPrecision, withinMemory } from './dry-run.js';
import { duration } from './duration.js';
import { forcedKernels, KERNEL_OPTIONS, kernelSetting, planningOf } from './kernels.js';
import { allocatedText } from './memory.js';
import { profilerOf, tracePath } from './profile.js';
import { type ProgressLine, progressLine } from './progress.js';
import { onStopSignals } from './signals.js';
import { sizeOf } from './size.js';

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
  (resume || continueTrain) && !(out ?? name) && given && existsSync(join(given, 'config.json')) ? given : undefined;

/** The options of the run that goes on; its options of one start alone do not hold for the next. */
async function storedOptions(options: Places, given?: string): Promise<Record<string, unknown>> {
  if (!options.resume && !options.continueTrain) return {};
  return readRunConfig(onlyRun(options, given) ?? outOf(options), '--resume goes on with a run that is there');
}

export const train = commandOf({
  name: 'train',
  args: '[DATAROOT]',
  details: DETAILS,
  help: 'train on the folders train_label, train_inst and train_img of DATAROOT',
  options: [...TRAIN_COMMAND_OPTIONS, 'dataroot', 'name', 'checkpoints-dir', 'debug', 'dry-run', 'size'],
  stored: storedOptions,
  async run({ dataroot, debug, dryRun: dry, size, ...options }, given) {
    const run = onlyRun(options, given);
    const root = (run ? undefined : given) ?? dataroot;
    if (dry) return dryTraining(root, size, options);
    if (!root) throw new UsageError('DATAROOT is missing', { fix: 'Give the folder that holds train_label and so on' });
    const out = run ?? outOf(options);
    process.exitCode = await trainCommand(root, { ...options, ...(debug ? DEBUG : {}), out });
    if (!options.json) console.error(`Next: ${self()} generate --checkpoint ${out} --labels PATH --out DIR`);
  },
});

/** Text for people goes to stderr, so that stdout holds nothing but what --json asks for. */
const teller = ({ json }: { json: boolean }) => (json ? () => {} : (text: string) => console.error(text));

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

const lossText = (losses: Record<string, number>): string =>
  Object.entries(losses)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(' ');

function stepText({ epoch, losses, imagesPerSecond, secondsLeft }: StepReport): string {
  const rate = imagesPerSecond === undefined ? 'first step' : `${imagesPerSecond.toPrecision(3)} images/s`;
  return [`epoch ${epoch}`, rate, `${duration(secondsLeft)} left`, lossText(losses)].join(' · ');
}

const jsonLine = ({ after, epoch, lr, losses }: StepReport): string =>
  JSON.stringify({ step: after.step, epoch, lr, ...losses });

function startText({ stats }: Trainer, device: Device, seconds: number): string {
  const { dispatches, pipelines, compileMs, peakBytes, variableBytes, flops } = stats!;
  return [
    `Device: ${device.profile.name}`,
    `Step: ${dispatches} dispatches, ${pipelines} pipelines compiled in ${duration(compileMs / 1000)}, ` +
      `${(flops / 1e9).toPrecision(3)} GFLOP; memory ${mib(peakBytes)} beside ${mib(variableBytes)} of weights and moments; ` +
      `first step after ${duration(seconds)}`,
  ].join('\n');
}

/** Prints how a training goes; `line` is there once it runs. */
function reporter(
  device: Device,
  options: TrainCommandOptions,
  signal: AbortSignal,
  ready: () => void,
  onStep: (step: number) => void,
) {
  const say = teller(options);
  const began = performance.now();
  let line: ProgressLine | undefined;
  let idle: number | undefined;
  const hooks: Hooks = {
    signal,
    onStart(trainer, total) {
      ready();
      if (options.json) return;
      line?.end();
      say(startText(trainer, device, (performance.now() - began) / 1000));
      line = progressLine(total);
    },
    onStep(report) {
      onStep(report.after.step);
      idle = report.idle;
      if (options.json) console.log(jsonLine(report));
      line?.update(report.after.step, stepText(report), report.print);
    },
    onSaved(what, path) {
      if (what === 'checkpoint') line?.say(`Saved ${path}`);
    },
    onNote: (text) => (line?.say ?? ((plain: string) => console.error(plain)))(text),
  };
  return {
    hooks,
    end: () => {
      line?.end();
      if (idle !== undefined) say(`The device was idle for ${(100 * idle).toFixed(1)} % of the steps' time`);
    },
  };
}

/** VGG19's weights, and settings without the perceptual loss where they are not there. */
function withVgg(training: Training, { vgg }: TrainCommandOptions, say: (text: string) => void) {
  if (training.settings.noVggLoss) return { training };
  const path = findVgg(vgg);
  if (path) return { training, path };
  say(`VGG19's weights are not here, so this training has no perceptual loss: pictures are less sharp.
Get ${VGG_URL}
and give --vgg FILE; or --no-vgg-loss, and this is not said again.`);
  return { training: { ...training, settings: { ...training.settings, noVggLoss: true } } };
}

/** A training as far as its memory depends on it. */
const trainingPlan = async (
  training: Training,
  vgg: boolean,
  options: TrainCommandOptions,
  looks: Loaders,
): Promise<TrainingPlan> => ({
  settings: training.settings,
  size: await largestSize(training, looks),
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
  if (size !== undefined) {
    const settings = root
      ? (await openTraining(root, options, 0)).settings
      : settingsOf(options, options.labelNc ?? 35);
    const { generator, encoder } = architecturesOf(settings);
    const batch = batchSizeOf(sizeOf(size), { ...settings, multiple: keptMultiple(generator, encoder) });
    const compile = { ...planningOf(options), recompute: options.recompute };
    return dryRun(
      (precision) => plannedTraining(precisely({ settings, size: batch, vgg, compile }, precision)),
      options,
    );
  }
  if (!root)
    throw new UsageError('DATAROOT is missing', { fix: 'Give the data set, or --size 1024x512 to plan without' });
  const training = await openTraining(root, options, options.cacheMb * 1e6);
  const looks = startLoaders(HERE, training.dataset, 0);
  await check(training, options, looks);
  const plan = await trainingPlan(training, vgg, options, looks);
  await dryRun((precision) => plannedTraining(precisely(plan, precision)), options);
}

/** Where the training starts, by the options that say so. */
async function startOf(
  { settings }: Training,
  options: TrainCommandOptions & { out: string },
  keep: Keep,
  say: (text: string) => void,
): Promise<From> {
  const { init, loadPretrain, partial, whichEpoch: epoch, out } = options;
  const given = Object.entries({ '--init': init, '--load-pretrain': loadPretrain, '--resume': goesOn(options) });
  const several = given.flatMap(([name, value]) => (value ? [name] : []));
  if (several.length > 1)
    throw new UsageError(`${several.join(' and ')} cannot go together`, { fix: 'Give one of them' });
  const nets = netsOf(settings);
  if (goesOn(options)) {
    if (epoch !== 'latest')
      throw new UsageError(`--which-epoch ${epoch} with --resume`, {
        fix: `A run goes on from its newest checkpoint; --init ${join(out, 'checkpoints', `step-${epoch}`)} with another --out starts from an older one`,
      });
    return resumeFrom(out, nets, keep, say);
  }
  if (init) return { start: startFrom(init, epoch, nets, keep, say) };
  if (loadPretrain) return { start: pretrainedFrom(loadPretrain, { epoch, partial }, nets, keep, say) };
  return {};
}

const goesOn = ({ resume, continueTrain }: { resume: boolean; continueTrain: boolean }): boolean =>
  resume || continueTrain;

/** What of the command line is no part of the settings and holds when a run goes on. */
const HABITS = [
  ...KERNEL_OPTIONS,
  'max-steps',
  'print-freq',
  'display-freq',
  'save-latest-freq',
  'save-epoch-freq',
] as const;

/** config.json: options, and which data they were for. */
function configOf(root: string, { settings, dataset }: Training, options: TrainCommandOptions) {
  const values: Record<string, unknown> = { ...options, ...settings };
  const kept = [...TRAIN_OPTIONS, ...HABITS].map(camelCase).map((name) => [name, values[name]]);
  const names = createHash('sha256')
    .update(dataset.samples.map(({ name }) => name).join('\n'))
    .digest('hex');
  const data = { samples: dataset.samples.length, names };
  return { dataroot: resolve(root), ...Object.fromEntries(kept), data };
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
}

/** The training with its precision decided: one that goes on keeps that of its checkpoint where it may choose. */
async function settled(device: Device, { training, options, planned }: Session, { start, progress }: From) {
  const before = options.precision === 'auto' && progress ? (start?.lossScale ? 'f16' : 'f32') : options.precision;
  const precision = await settledPrecision(device, before, planned, options.memoryGb);
  return { training: precisely(training, precision), planned: planned(precision) };
}

/** Trains, telling how it goes; Ctrl-C saves first. @returns the exit code of a signal that ended it, if one did */
async function trainWithProgress(session: Session): Promise<number | undefined> {
  const { options, run, from, after, loaders } = session;
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
    const { training, planned } = await settled(device, session, start);
    try {
      await withinMemory(device, planned, options.memoryGb, teller(options), () =>
        runTraining(device, training, run, options, report.hooks, {
          ...start,
          compile: { ...kernels.compile, recompute: options.recompute },
          source: loaders,
        }),
      );
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
    const config = configOf(root, training, options);
    if (goesOn(options)) await checkSame(options.out, config, say);
    const first = { ...(await startOf(training, options, keep, say)), ...(vgg ? { vgg: openVgg(vgg, keep) } : {}) };
    lastStep(training, options, first.progress?.step ?? 0);
    const from = async (again: boolean): Promise<From> =>
      again ? { ...first, ...(await resumeFrom(options.out, netsOf(training.settings), keep, say)) } : first;
    const folder = await (goesOn(options)
      ? continueRun(options.out, config, first.progress?.step ?? 0)
      : createRun(options.out, config));
    const run = options.tensorboard || options.tfLog ? withEvents(folder, config) : folder;
    const loaders = startLoaders(HERE, training.dataset, options.nThreads);
    const dashboard = options.dashboard ? await openDashboard(run, options) : undefined;
    try {
      await check(training, options, loaders);
      const plan = await trainingPlan(training, vgg !== undefined, options, loaders);
      const planned = (precision: Precision) => plannedTraining(precisely(plan, precision));
      return await trainWithProgress({ training, options, run, planned, from, after, loaders });
    } finally {
      await loaders.close();
      await dashboard?.close();
      await run.close();
    }
  });
}
