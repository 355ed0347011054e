// A training from data folder to run folder.

import { startCursor } from '../data/cursor.js';
import { advance, type Batch, loadBatch } from '../data/dataset.js';
import type { Device } from '../device/device.js';
import { UsageError } from '../errors.js';
import type { Values } from '../nets/parameters.js';
import type { Progress, Start } from './checkpoint.js';
import type { Training } from './prepare.js';
import type { RunFolder } from './run-folder.js';
import { sampleBatches, sampleSheet } from './samples.js';
import { passes, totalSteps } from './schedule.js';
import type { Settings } from './settings.js';
import { type Step, trainingSteps } from './steps.js';
import { createTrainer, type Trainer } from './trainer.js';

/** What does not change the result: when to stop and how often something is written; in images and epochs. */
export interface Habits {
  maxSteps?: number;
  printFreq: number;
  displayFreq: number;
  saveLatestFreq: number;
  saveEpochFreq: number;
}

export interface StepReport extends Step {
  total: number;
  imagesPerSecond: number;
  secondsLeft: number;
  /** It is time for a line of the log. */
  print: boolean;
}

export interface Hooks {
  /** After the first step, when all is compiled. */
  onStart(trainer: Trainer, total: number): void;
  onStep(report: StepReport): void;
  onSaved(what: 'pictures' | 'checkpoint', path: string): void;
  /** Ends the training after the step at hand, with a checkpoint. */
  signal?: AbortSignal;
}

/** What a training does not begin with anew; VGG19's tensors, where it has a perceptual loss. */
export interface From {
  start?: Start;
  progress?: Progress;
  vgg?: Values;
  /** No kernel that rounds more than plain sums do. */
  precise?: boolean;
}

/** What is due after a step. */
function dueAfter({ before, after }: Step, { batchSize, accumulate }: Settings, habits: Habits, last: boolean) {
  const images = batchSize * accumulate;
  const passed = (period: number) => passes(before.step * images, after.step * images, period);
  const epochEnds = after.cursor.epoch > before.cursor.epoch;
  const keep = epochEnds && before.cursor.epoch % habits.saveEpochFreq === 0;
  return {
    print: after.step === 1 || last || passed(habits.printFreq),
    pictures: last || passed(habits.displayFreq),
    checkpoint: last || keep || passed(habits.saveLatestFreq),
    keep,
  };
}

/** Images a second since the end of the first step, which compiles, and the time left at that rate. */
function clock(total: number, batchSize: number) {
  let start: number | undefined;
  let first = 0;
  return (step: number): Pick<StepReport, 'imagesPerSecond' | 'secondsLeft'> => {
    const now = performance.now();
    if (start === undefined) [start, first] = [now, step];
    const seconds = (now - start) / 1000 / (step - first);
    return { imagesPerSecond: batchSize / seconds, secondsLeft: seconds * (total - step) };
  };
}

interface Session {
  training: Training;
  habits: Habits;
  hooks: Hooks;
  run: RunFolder;
  trainer: Trainer;
  samples: Batch[];
  begin: Progress;
}

async function savePictures({ training, hooks, run, trainer, samples }: Session, step: number): Promise<void> {
  const painted: Float32Array[] = [];
  for (const batch of samples) painted.push(await trainer.paint(batch));
  const sheet = sampleSheet(samples, painted, training.classes.palette);
  hooks.onSaved('pictures', await run.saveSample(step, sheet));
}

/** Steps, log, pictures and checkpoints, until the schedule ends or the signal comes. Returns the last checkpoint. */
async function follow(session: Session, total: number): Promise<string> {
  const { training, habits, hooks, run, trainer } = session;
  const { dataset, settings } = training;
  const source = { load: loadBatch.bind(null, dataset), advance: advance.bind(null, dataset) };
  const timed = clock(total, settings.batchSize * settings.accumulate);
  for await (const step of trainingSteps(trainer, source, settings, session.begin, total)) {
    const { before, after, epoch, lr, losses } = step;
    const last = after.step === total || hooks.signal?.aborted === true;
    const due = dueAfter(step, settings, habits, last);
    if (before.step === session.begin.step) hooks.onStart(trainer, total);
    await run.log({ step: after.step, epoch, lr, ...losses, time: Date.now() });
    hooks.onStep({ ...step, total, ...timed(after.step), print: due.print });
    if (due.pictures) await savePictures(session, after.step);
    if (!due.checkpoint) continue;
    const path = await run.saveCheckpoint(trainer.checkpoint(after), due.keep);
    hooks.onSaved('checkpoint', path);
    if (last) return path;
  }
  const done = session.begin.step;
  if (done === 0) throw new UsageError('--niter and --niter-decay are both 0: there is nothing to train');
  throw new UsageError(`the run has come to its end, step ${done} of ${total}`, {
    fix: 'Raise --niter, --niter-decay or --max-steps to go on',
  });
}

/**
 * Trains into a run's folder until the schedule ends, `maxSteps` is reached or the signal comes; the last step is always
 * saved.
 * @returns the folder of the last checkpoint. @throws DataError, IOError, DivergedError, DeviceError
 */
export async function train(
  device: Device,
  training: Training,
  run: RunFolder,
  habits: Habits,
  hooks: Hooks,
  { start, progress, vgg, precise }: From = {},
): Promise<string> {
  const { root, dataset, settings, classes } = training;
  const begin = progress ?? { step: 0, cursor: startCursor(settings.seed) };
  const samples = await sampleBatches(root, dataset, settings.seed);
  const trainer = createTrainer(device, { settings, classes, start, vgg, compile: { precise } });
  try {
    const total = totalSteps(settings, dataset.size, habits.maxSteps);
    return await follow({ training, habits, hooks, run, trainer, samples, begin }, total);
  } finally {
    trainer.close();
  }
}
