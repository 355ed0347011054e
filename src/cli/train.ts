// pix2pixhd train: from a folder of label maps and photos to a trained generator.

import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { mib } from '../graph/profile.js';
import { type OptionValues, TRAIN_OPTIONS } from '../options/table.js';
import { checkTraining, openTraining, type Training } from '../train/prepare.js';
import { type Hooks, train as runTraining, type StepReport } from '../train/train.js';
import type { Trainer } from '../train/trainer.js';
import { commandOf } from './command.js';
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
    const training = await openAndCheck(root!, options);
    const device = await openDevice(options);
    try {
      const stopped = await trainWithProgress(device, training, options);
      process.exitCode = stopped ?? 0;
      if (!options.json) console.error(`Next: pix2pixhd generate --checkpoint ${options.out} --labels PATH --out DIR`);
    } finally {
      device.close();
    }
  },
});

/** Text for people goes to stderr, so that stdout holds nothing but what --json asks for. */
const teller = ({ json }: { json: boolean }) => (json ? () => {} : (text: string) => console.error(text));

/** Finds the data and, unless told not to, reads it once. */
export async function openAndCheck(root: string, options: TrainCommandOptions): Promise<Training> {
  const say = teller(options);
  const training = await openTraining(root, options, options.cacheMb * 1e6);
  const total = training.dataset.samples.length;
  const head = `Data: ${total} samples of ${root} (${options.phase}), ${training.classes.names.length} classes`;
  if (options.noCheck) {
    say(`${head}, not checked`);
    return training;
  }
  const line = options.json ? undefined : progressLine(total);
  const read = await checkTraining(training, (done) => line?.update(done, 'reading the data set', false)).finally(() =>
    line?.end(),
  );
  say(`${head}, ${read < total ? `the first ${read}` : 'all'} read and in order`);
  return training;
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

/** Trains, telling how it goes; Ctrl-C saves first. @returns the exit code of a signal that ended it, if one did */
export async function trainWithProgress(
  device: Device,
  training: Training,
  options: TrainCommandOptions & { out: string },
): Promise<number | undefined> {
  const say = teller(options);
  const began = performance.now();
  let line: ProgressLine | undefined;
  const stop = onStopSignals((text) => (line?.say ?? say)(text));
  const hooks: Hooks = {
    signal: stop.signal,
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
  try {
    await runTraining(device, training, options.out, options, hooks);
  } finally {
    line?.end();
    stop.release();
  }
  return stop.code();
}
