// A training from data folder to run folder.

import { startCursor } from '../data/cursor.js';
import { advance, type Batch, loadBatch } from '../data/dataset.js';
import type { Device } from '../device/device.js';
import type { CompileOptions } from '../engine.js';
import { InternalError, UsageError } from '../errors.js';
import type { MetricValues } from '../metrics/measures.js';
import type { Values } from '../nets/parameters.js';
import type { Progress, Start } from './checkpoint.js';
import type { Mark } from './checkpoint-manifest.js';
import { type PatientWrite, patientWrites } from './disk.js';
import { dueAfter, type Habits, imagesOf, leftAfter } from './due.js';
import { createHealth } from './health.js';
import { createPace, type Pace, type Work } from './pace.js';
import type { Training } from './prepare.js';
import type { RunOutput } from './run-folder.js';
import { sampleBatches, sampleSheet } from './samples.js';
import { totalSteps } from './schedule.js';
import { type BatchSource, type Step, trainingSteps } from './steps.js';
import { createTrainer, type Losses, type Trainer } from './trainer.js';
import { type BestKeeper, createValidator, type Measuring, type Validator, validationRecord } from './validation.js';

export interface StepReport extends Step {
  total: number;
  /** Undefined until they are known: the first step compiles. */
  imagesPerSecond?: number;
  secondsLeft?: number;
  /** Share of the time between pictures and checkpoints in which the device had no step to do; the first step does not count. */
  idle: number;
  /** Of that the share in which it waited for pictures. */
  waited: number;
  /** It is time for a line where there is no terminal. */
  print: boolean;
}

export interface Hooks {
  /** After the first step, when all is compiled. */
  onStart(trainer: Trainer, total: number): void;
  onStep(report: StepReport): void;
  onSaved(what: 'pictures' | 'checkpoint', path: string): void;
  /** Pictures that are not trained on were measured; `best`: better than all before by the metric that decides. */
  onValidated(step: number, values: MetricValues, best: boolean): void;
  /** A remark on the training, in words; it stands in the log as well. */
  onNote(text: string): void;
  /** Ends the training after the step at hand, with a checkpoint. */
  signal?: AbortSignal;
}

/** What a training does not begin with anew; VGG19's tensors, where it has a perceptual loss. */
export interface From {
  start?: Start;
  progress?: Progress;
  vgg?: Values;
  /** Where batches come from; by default they are loaded on this thread. */
  source?: Pick<BatchSource, 'load' | 'ahead'>;
  /** What is measured of the pictures that are held out. */
  measuring?: Measuring;
  /** Which of its checkpoints is the best by that. */
  best?: BestKeeper;
  /** Which kernels compute. */
  compile?: Omit<CompileOptions, 'arena'>;
}

interface Session {
  training: Training;
  habits: Habits;
  hooks: Hooks;
  run: RunOutput;
  trainer: Trainer;
  samples: Batch[];
  begin: Progress;
  device: Device;
  pace: Pace;
  write: PatientWrite;
  source: BatchSource;
  validator?: Validator;
  best?: BestKeeper;
}

/** Milliseconds, bytes and rates without digits that mean nothing. */
const rounded = (values: Record<string, number | undefined>): Record<string, number | undefined> =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, v === undefined ? v : Number(v.toPrecision(6))]));

/** JSON has no NaN. */
const finite = (losses: Losses): Losses =>
  Object.fromEntries(Object.entries(losses).filter(([, value]) => Number.isFinite(value)));

/** Does a piece of work and tells the pace how long it took. */
async function timed<T>(pace: Pace, work: Work, action: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await action();
  pace.took(work, performance.now() - start);
  return result;
}

async function savePictures({ training, hooks, run, trainer, samples, pace, write }: Session, step: number) {
  const path = await timed(pace, 'pictures', async () => {
    const painted: Float32Array[] = [];
    for (const batch of samples) painted.push(await trainer.paint(batch));
    const sheet = sampleSheet(samples, painted, training.classes.palette);
    return write(() => run.saveSample(step, sheet));
  });
  if (path) hooks.onSaved('pictures', path);
}

/** Returns its path, or undefined where the disk refused one that is not the last. */
async function saveCheckpoint(
  { hooks, run, trainer, pace, write, best }: Session,
  at: Progress,
  keep: boolean,
  last: boolean,
  mark?: Mark,
) {
  const save = () => run.saveCheckpoint(trainer.checkpoint(at), keep, mark);
  const path = await timed(pace, 'checkpoint', () => write(save, last));
  if (path) hooks.onSaved('checkpoint', path);
  if (path && mark) best!.saved(mark);
  return path;
}

/** Measures, logs and tells it. @returns what marks the step's checkpoint where it is the best so far */
async function validate({ hooks, run, trainer, pace, write, validator, best }: Session, step: number) {
  const values = finite(await timed(pace, 'validation', () => validator!.measure(trainer.observe)));
  await write(() => run.log(validationRecord(step, rounded(values))));
  const mark = best?.beats(values);
  hooks.onValidated(step, values, mark !== undefined);
  return mark;
}

/** Says something about a step, to people and in the log. */
async function note({ run, hooks, write }: Session, step: number, text: string): Promise<void> {
  hooks.onNote(text);
  await write(() => run.log({ step, note: text, time: Date.now() }));
}

type Shares = Pick<StepReport, 'idle' | 'waited'>;

/** Writes a step's line of log.jsonl and reports it. */
async function logStep(session: Session, step: Step, total: number, shares: Shares, print: boolean): Promise<void> {
  const { training, habits, hooks, run, device, pace, write } = session;
  const { settings, dataset } = training;
  const { after, epoch, lr, losses, health, ms, waitMs } = step;
  const time = Date.now();
  pace.logged(time, imagesOf(settings));
  const imagesPerSecond = pace.imagesPerSecond();
  const secondsLeft = pace.secondsLeft(leftAfter(after.step, total, settings, habits, dataset.size));
  const { liveBytes: deviceBytes } = device.memory();
  const measured = rounded({ ms, waitMs, imagesPerSecond, secondsLeft, deviceBytes });
  const { lossScale } = health;
  await write(() => run.log({ step: after.step, epoch, lr, ...finite(losses), time, ...measured, lossScale }));
  hooks.onStep({ ...step, total, imagesPerSecond, secondsLeft, ...shares, print });
}

/** Steps, log, pictures and checkpoints, until the schedule ends or the signal comes. Returns the last checkpoint. */
async function follow(session: Session, total: number): Promise<string> {
  const { training, habits, hooks, run, trainer, pace, begin, source } = session;
  const { settings } = training;
  const look = createHealth(settings);
  let ended = performance.now();
  let [busyMs, waitMs, allMs] = [0, 0, 0];
  const share = (ms: number) => (allMs > 0 ? ms / allMs : 0);
  for await (const step of trainingSteps(trainer, source, settings, begin, total)) {
    run.lock.lost.throwIfAborted();
    const { before, after } = step;
    const took = performance.now() - ended;
    pace.took('step', took);
    if (before.step > begin.step) [busyMs, waitMs, allMs] = [busyMs + step.ms, waitMs + step.waitMs, allMs + took];
    const ending = after.step === total ? 'done' : hooks.signal?.aborted ? 'stopped' : undefined;
    const last = ending !== undefined;
    const due = dueAfter(before, after, settings, habits, ending);
    if (before.step === begin.step) hooks.onStart(trainer, total);
    await logStep(session, step, total, { idle: share(allMs - busyMs), waited: share(waitMs) }, due.print);
    if (step.skipped) await note(session, after.step, `Step ${after.step} was skipped: ${step.skipped}`);
    else
      for (const text of look({ ...step, ...step.health }))
        await note(session, after.step, `Step ${after.step}: ${text}`);
    if (due.pictures) await savePictures(session, after.step);
    const mark = session.validator && due.validation ? await validate(session, after.step) : undefined;
    const path = due.checkpoint || mark ? await saveCheckpoint(session, after, due.keep, last, mark) : undefined;
    if (path && last) return path;
    ended = performance.now();
  }
  throw new InternalError(`no step from ${begin.step} to ${total}`);
}

/** The step that a training ends with. @throws UsageError where that is not after `done` */
export function lastStep(
  { settings, dataset }: Training,
  { maxSteps }: Pick<Habits, 'maxSteps'>,
  done: number,
): number {
  const total = totalSteps(settings, dataset.size, maxSteps);
  if (done < total) return total;
  if (done === 0) throw new UsageError('--niter and --niter-decay are both 0: there is nothing to train');
  const now = total === maxSteps ? `--max-steps (now ${maxSteps})` : `--niter (now ${settings.niter})`;
  throw new UsageError(`the run has come to its end, step ${done} of ${total}`, { fix: `Raise ${now} to go on` });
}

/** Another data set may be smaller, and another seed may have been asked for. */
function begun({ step, cursor }: Progress, { dataset, settings: { seed } }: Training): Progress {
  const { epoch, position } = cursor;
  const place = position < dataset.size ? { epoch, position } : { epoch: epoch + 1, position: 0 };
  return { step, cursor: { seed, ...place } };
}

/** Painting is a third of a step: without the way back and without the discriminator. */
const PAINTING = 1 / 3;

/** What pictures take in steps, as long as none were painted: with as many pixels as a step's. */
function guesses({ settings }: Training, shown: number, held = 0) {
  const one = PAINTING / imagesOf(settings);
  return { pictures: shown * one, validation: held * one };
}

/**
 * Trains into a run's folder until the schedule ends, `maxSteps` is reached or the signal comes; the last step is always
 * saved.
 * @returns the folder of the last checkpoint. @throws DataError, IOError, DivergedError, DeviceError
 */
export async function train(
  device: Device,
  training: Training,
  run: RunOutput,
  habits: Habits,
  hooks: Hooks,
  from: From = {},
): Promise<string> {
  const { dataset, held, settings, classes } = training;
  const { start, progress, vgg, measuring, best, compile } = from;
  const begin = begun(progress ?? { step: 0, cursor: startCursor(settings.seed) }, training);
  const total = lastStep(training, habits, begin.step);
  const samples = await sampleBatches(training);
  const validator =
    held && measuring && (await createValidator(device, { ...training, held }, measuring, hooks.signal));
  const trainer = createTrainer(device, { settings, classes, start, vgg, compile });
  const write = patientWrites(hooks.onNote);
  const { source = { load: loadBatch.bind(null, dataset) } } = from;
  const session: Session = {
    training,
    habits,
    hooks,
    run,
    trainer,
    samples,
    begin,
    device,
    pace: createPace(guesses(training, samples.length, validator?.pictures)),
    write,
    source: { ...source, advance: advance.bind(null, dataset) },
    validator,
    best,
  };
  try {
    if (run.lock.stale) await note(session, begin.step, `Took the folder over from ${run.lock.stale}, which has ended`);
    return await follow(session, total);
  } finally {
    validator?.close();
    trainer.close();
  }
}
