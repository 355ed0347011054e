// A training from data folder to run folder.

import { startCursor } from '../data/cursor.js';
import { advance, type Batch, loadBatch } from '../data/dataset.js';
import type { Device } from '../device/device.js';
import type { CompileOptions } from '../engine.js';
import { UsageError } from '../errors.js';
import type { Values } from '../nets/parameters.js';
import type { Progress, Start } from './checkpoint.js';
import { dueAfter, type Habits, imagesOf, leftAfter } from './due.js';
import { createPace, type Pace, type Work } from './pace.js';
import type { Training } from './prepare.js';
import type { RunFolder } from './run-folder.js';
import { sampleBatches, sampleSheet } from './samples.js';
import { totalSteps } from './schedule.js';
import { type Step, trainingSteps } from './steps.js';
import { createTrainer, type Trainer } from './trainer.js';

export interface StepReport extends Step {
  total: number;
  /** Undefined until they are known: the first step compiles. */
  imagesPerSecond?: number;
  secondsLeft?: number;
  /** It is time for a line where there is no terminal. */
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
  /** Which kernels compute. */
  compile?: Omit<CompileOptions, 'arena'>;
}

interface Session {
  training: Training;
  habits: Habits;
  hooks: Hooks;
  run: RunFolder;
  trainer: Trainer;
  samples: Batch[];
  begin: Progress;
  device: Device;
  pace: Pace;
}

/** Milliseconds, bytes and rates without digits that mean nothing. */
const rounded = (values: Record<string, number | undefined>): Record<string, number | undefined> =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, v === undefined ? v : Number(v.toPrecision(6))]));

/** Does a piece of work and tells the pace how long it took. */
async function timed<T>(pace: Pace, work: Work, action: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await action();
  pace.took(work, performance.now() - start);
  return result;
}

async function savePictures({ training, hooks, run, trainer, samples, pace }: Session, step: number): Promise<void> {
  const path = await timed(pace, 'pictures', async () => {
    const painted: Float32Array[] = [];
    for (const batch of samples) painted.push(await trainer.paint(batch));
    return run.saveSample(step, sampleSheet(samples, painted, training.classes.palette));
  });
  hooks.onSaved('pictures', path);
}

async function saveCheckpoint({ hooks, run, trainer, pace }: Session, at: Progress, keep: boolean): Promise<string> {
  const path = await timed(pace, 'checkpoint', () => run.saveCheckpoint(trainer.checkpoint(at), keep));
  hooks.onSaved('checkpoint', path);
  return path;
}

/** Writes a step's line of log.jsonl and reports it. */
async function logStep(
  { training, habits, hooks, run, device, pace }: Session,
  step: Step,
  total: number,
  print: boolean,
) {
  const { settings, dataset } = training;
  const { after, epoch, lr, losses, ms, waitMs } = step;
  const time = Date.now();
  pace.logged(time, imagesOf(settings));
  const imagesPerSecond = pace.imagesPerSecond();
  const secondsLeft = pace.secondsLeft(leftAfter(after.step, total, settings, habits, dataset.size));
  const { liveBytes: deviceBytes } = device.memory();
  const measured = { ms, waitMs, imagesPerSecond, secondsLeft, deviceBytes };
  await run.log({ step: after.step, epoch, lr, ...losses, time, ...rounded(measured) });
  hooks.onStep({ ...step, total, imagesPerSecond, secondsLeft, print });
}

/** Steps, log, pictures and checkpoints, until the schedule ends or the signal comes. Returns the last checkpoint. */
async function follow(session: Session, total: number): Promise<string> {
  const { training, habits, hooks, trainer, pace, begin } = session;
  const { dataset, settings } = training;
  const source = { load: loadBatch.bind(null, dataset), advance: advance.bind(null, dataset) };
  let ended = performance.now();
  for await (const step of trainingSteps(trainer, source, settings, begin, total)) {
    const { before, after } = step;
    pace.took('step', performance.now() - ended);
    const last = after.step === total || hooks.signal?.aborted === true;
    const due = dueAfter(before, after, settings, habits, last);
    if (before.step === begin.step) hooks.onStart(trainer, total);
    await logStep(session, step, total, due.print);
    if (due.pictures) await savePictures(session, after.step);
    const path = due.checkpoint ? await saveCheckpoint(session, after, due.keep) : undefined;
    if (path && last) return path;
    ended = performance.now();
  }
  const done = begin.step;
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
  { start, progress, vgg, compile }: From = {},
): Promise<string> {
  const { root, dataset, settings, classes } = training;
  const begin = progress ?? { step: 0, cursor: startCursor(settings.seed) };
  const samples = await sampleBatches(root, dataset, settings.seed);
  const trainer = createTrainer(device, { settings, classes, start, vgg, compile });
  try {
    const total = totalSteps(settings, dataset.size, habits.maxSteps);
    return await follow({ training, habits, hooks, run, trainer, samples, begin, device, pace: createPace() }, total);
  } finally {
    trainer.close();
  }
}
