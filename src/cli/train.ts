// pix2pixhd train: from a folder of label maps and photos to a trained generator.

import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { mib } from '../graph/profile.js';
import { type OptionValues, TRAIN_OPTIONS } from '../options/table.js';
import { checkTraining, openTraining, type Training } from '../train/prepare.js';
import { createRun, type RunFolder } from '../train/run-folder.js';
import { type Hooks, train as runTraining, type StepReport } from '../train/train.js';
import type { Trainer } from '../train/trainer.js';
import { commandOf, self } from './command.js';
import { duration, type ProgressLine, progressLine } from './progress.js';
import { onStopSignals } from './signals.js';

export const TRAIN_COMMAND_OPTIONS = [
  ...TRAIN_OPTIONS,
  'max-steps',
  'cache-mb',
  'no-check',
  'out',
  'print-freq',
  'display-freq',
  'save-latest-freq',
  'save-epoch-freq',
  'json',
  'adapter',
] as const;
export type TrainCommandOptions = OptionValues<(typeof TRAIN_COMMAND_OPTIONS)[number]>;

export const train = commandOf({
  name: 'train',
  args: '<DATAROOT>',
  help: 'train on the folders train_label, train_inst and train_img of DATAROOT',
  options: TRAIN_COMMAND_OPTIONS,
  required: ['out'],
  async run(options, root) {
    process.exitCode = await trainCommand(root!, options);
    if (!options.json) console.error(`Next: ${self()} generate --checkpoint ${options.out} --labels PATH --out DIR`);
  },
});

/** Text for people goes to stderr, so that stdout holds nothing but what --json asks for. */
const teller = ({ json }: { json: boolean }) => (json ? () => {} : (text: string) => console.error(text));

/** Reads the data set once, unless told not to. */
async function check(training: Training, options: TrainCommandOptions): Promise<void> {
  const say = teller(options);
  const total = training.dataset.samples.length;
  const head = `Data: ${total} samples of ${training.root} (${options.phase}), ${training.classes.names.length} classes`;
  if (options.noCheck) return say(`${head}, not checked`);
  const line = options.json ? undefined : progressLine(total);
  const read = await checkTraining(training, (done) => line?.update(done, 'reading the data set', false)).finally(() =>
    line?.end(),
  );
  say(`${head}, ${read < total ? `the first ${read}` : 'all'} read and in order`);
}

const lossText = (losses: Record<string, number>): string =>
  Object.entries(losses)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(' ');

function stepText({ epoch, losses, imagesPerSecond, secondsLeft }: StepReport): string {
  const rate = Number.isFinite(imagesPerSecond) ? `${imagesPerSecond.toPrecision(3)} images/s` : 'first step';
  return [`epoch ${epoch}`, rate, `${duration(secondsLeft)} left`, lossText(losses)].join(' · ');
}

const jsonLine = ({ after, epoch, lr, losses }: StepReport): string =>
  JSON.stringify({ step: after.step, epoch, lr, ...losses });

function startText({ stats }: Trainer, device: Device, seconds: number): string {
  const { dispatches, pipelines, peakBytes, variableBytes, flops } = stats!;
  return [
    `Device: ${device.profile.name}`,
    `Step: ${dispatches} dispatches, ${pipelines} pipelines, ${(flops / 1e9).toPrecision(3)} GFLOP;` +
      ` memory ${mib(peakBytes)} beside ${mib(variableBytes)} of weights and moments; ready after ${duration(seconds)}`,
  ].join('\n');
}

/** Prints how a training goes; `line` is there once it runs. */
function reporter(device: Device, options: TrainCommandOptions, signal: AbortSignal) {
  const say = teller(options);
  const began = performance.now();
  let line: ProgressLine | undefined;
  const hooks: Hooks = {
    signal,
    onStart(trainer, total) {
      if (options.json) return;
      say(startText(trainer, device, (performance.now() - began) / 1000));
      line = progressLine(total);
    },
    onStep(report) {
      if (options.json) console.log(jsonLine(report));
      line?.update(report.after.step, stepText(report), report.print);
    },
    onSaved(what, path) {
      if (what === 'checkpoint') line?.say(`Saved ${path}`);
    },
  };
  return { hooks, say: (text: string) => (line?.say ?? say)(text), end: () => line?.end() };
}

/** Trains, telling how it goes; Ctrl-C saves first. @returns the exit code of a signal that ended it, if one did */
async function trainWithProgress(
  device: Device,
  training: Training,
  run: RunFolder,
  options: TrainCommandOptions,
): Promise<number | undefined> {
  const stop = onStopSignals((text) => report.say(text));
  const report = reporter(device, options, stop.signal);
  try {
    await runTraining(device, training, run, options, report.hooks);
  } finally {
    report.end();
    stop.release();
  }
  return stop.code();
}

/**
 * Everything from the data folder to the last checkpoint, then `after` with the same device.
 * @returns the exit code of a signal that ended it, if one did
 */
export async function trainCommand(
  root: string,
  options: TrainCommandOptions & { out: string },
  after: (device: Device, training: Training) => Promise<void> = async () => {},
): Promise<number | undefined> {
  const training = await openTraining(root, options, options.cacheMb * 1e6);
  const run = await createRun(options.out, { dataroot: root, ...training.settings });
  try {
    await check(training, options);
    const device = await openDevice(options);
    try {
      const stopped = await trainWithProgress(device, training, run, options);
      if (stopped === undefined) await after(device, training);
      return stopped;
    } finally {
      device.close();
    }
  } finally {
    await run.close();
  }
}
