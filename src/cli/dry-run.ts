// The memory of trainings and paintings: what --dry-run prints, and what every run looks at before it starts.

import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import type { CompileOptions } from '../engine.js';
import { paintingMemory, smallerPictures } from '../generate/estimate.js';
import { KEPT_BYTES } from '../generate/generator.js';
import type { GeneratorFile } from '../generate/open.js';
import type { MemoryEstimate } from '../graph/estimate.js';
import type { Precision } from '../graph/half.js';
import { slownessOf } from '../graph/speed.js';
import { type Saving, type TrainingPlan, trainingMemory, trainingSavings } from '../train/estimate.js';
import { duration } from './duration.js';
import {
  type Attempt,
  explainingOutOfMemory,
  gib,
  keptBytes,
  type MemoryReport,
  memoryOf,
  memoryReport,
  reportJson,
  reportText,
  requireFits,
  shortText,
} from './memory.js';

type Compile = Omit<CompileOptions, 'arena'>;

/** Something that can be planned, in words and as attempts: what was asked for, and ways to need less. */
export interface Planned {
  what: string;
  asked: Attempt;
  ways(): Attempt[][];
  /** Of a training: the same with up to so many bytes of weights that are transformed once a step. */
  keeping?(bytes: number): Planned;
  /** Those bytes. */
  keep?: number;
  /** Bytes that would do: without what is kept to save time. */
  leastBytes?: number;
  /** Of a training: the steps, where the data tell them, and the rough time of one. */
  pace?: { steps?: number; compile: Compile; roughStepMs(estimate: MemoryEstimate): number };
}

const pixels = ({ width, height }: Size): string => `${width}×${height}`;

/** @param steps of the whole training, where they are known @param keep bytes for transformed weights */
export function plannedTraining(plan: TrainingPlan, steps?: number, keep = 0): Planned {
  const attempt = ({ options, plan }: Saving, keep = 0): Attempt => ({
    options,
    estimate: (device) => trainingMemory(device, plan, keep),
  });
  const { batchSize, netG, accumulate } = plan.settings;
  const vgg = plan.vgg ? ', with the perceptual loss' : '';
  return {
    what: `training a ${netG} generator on ${pixels(plan.size)}, batch ${batchSize}${vgg}`,
    asked: attempt({ options: '', plan }, keep),
    ways: () => trainingSavings(plan).map((way) => way.map((saving) => attempt(saving))),
    keep,
    keeping: (bytes) => plannedTraining(plan, steps, bytes),
    pace: {
      steps,
      compile: plan.compile,
      roughStepMs: ({ roughMs: [batch = 0, applying = 0] }) => accumulate * batch + (accumulate > 1 ? applying : 0),
    },
  };
}

/**
 * `auto` is f32 where that fits, else f16; what is asked for is obeyed.
 * @param planned the run with either
 */
export async function settledPrecision(
  device: Device,
  asked: Precision | 'auto',
  planned: (precision: Precision) => Planned,
  memoryGb: number | undefined,
): Promise<Precision> {
  if (asked !== 'auto') return asked;
  const { fits } = await memoryReport(device, planned('f32').asked, () => [], memoryOf(device, memoryGb));
  return fits ? 'f32' : 'f16';
}

/**
 * With half of the memory that it leaves, where that is known, for transformed weights; the other half is for what lies between
 * the plan's blocks.
 */
export async function withKept(device: Device, planned: Planned, memoryGb: number | undefined): Promise<Planned> {
  const memory = memoryOf(device, memoryGb);
  if (memory === undefined || !planned.keeping) return planned;
  const { estimate, fits } = await memoryReport(device, planned.asked, () => [], memory);
  if (!fits) return planned;
  const { peakBytes: leastBytes } = estimate!;
  return { ...planned.keeping(Math.min(KEPT_BYTES, (memory - leastBytes) / 2)), leastBytes };
}

export function plannedPainting(file: GeneratorFile, size: Size, compile: Compile, memoryGb?: number): Planned {
  const attempt = (options: string, of: Size): Attempt => ({
    options,
    estimate: (device) => paintingMemory(device, file, of, { keep: keptBytes(device, memoryGb), ...compile }),
  });
  return {
    what: `painting ${pixels(size)}`,
    asked: attempt('', size),
    ways: () => [smallerPictures(size).map(({ options, size }) => attempt(options, size))],
  };
}

const reportOf = (device: Device, { asked, ways }: Planned, budget: number | undefined): Promise<MemoryReport> =>
  memoryReport(device, asked, ways, budget);

interface DryRunOptions {
  precision: Precision | 'auto';
  adapter?: string;
  memoryGb?: number;
  json: boolean;
}

interface Time {
  stepSeconds: number;
  /** Of all steps, without pictures and checkpoints between them. */
  steps?: number;
  seconds?: number;
}

/** About how long a training takes on this device, which is timed at a sample of its work. */
async function timeOf(device: Device, { pace }: Planned, { estimate }: MemoryReport): Promise<Time | undefined> {
  if (!pace || !estimate) return undefined;
  const stepSeconds = (pace.roughStepMs(estimate) * (await slownessOf(device, pace.compile))) / 1000;
  const { steps } = pace;
  return { stepSeconds, ...(steps === undefined ? {} : { steps, seconds: steps * stepSeconds }) };
}

function timeText({ stepSeconds, steps, seconds }: Time): string {
  const each = `about ${Number(stepSeconds.toPrecision(2))} s a step here`;
  return `Time: ${each}${seconds === undefined ? '' : `, ${duration(seconds)} for ${steps} steps`}`;
}

/** Prints what a run would take; nothing of it is allocated. */
export async function dryRun(plan: (precision: Precision) => Planned, options: DryRunOptions): Promise<void> {
  const device = await openDevice(options);
  try {
    const precision = await settledPrecision(device, options.precision, plan, options.memoryGb);
    const planned = await withKept(device, plan(precision), options.memoryGb);
    const report = await reportOf(device, planned, memoryOf(device, options.memoryGb));
    const time = await timeOf(device, planned, report);
    const { peakBytes = null } = report.estimate ?? {};
    const { leastBytes = peakBytes } = planned;
    const least = planned.keeping ? { leastBytes } : {};
    if (options.json) return console.log(JSON.stringify({ ...reportJson(report), ...least, ...time }));
    console.log(reportText(`${planned.what} on ${device.profile.name}`, report));
    if (planned.keeping && leastBytes! < peakBytes!)
      console.log(`${gib(leastBytes!)} would do: the rest keeps transformed weights through a step`);
    if (time) console.log(timeText(time));
  } finally {
    device.close();
  }
}

/**
 * Runs `use` where its plan fits, and says the plan before. @throws MemoryError with the table where it does not fit,
 * OutOfMemoryError with the table where the device runs out of memory all the same
 */
export async function withinMemory<T>(
  device: Device,
  planned: Planned,
  memoryGb: number | undefined,
  say: (text: string) => void,
  use: () => Promise<T>,
): Promise<T> {
  const report = await reportOf(device, planned, memoryOf(device, memoryGb));
  requireFits(planned.what, report);
  say(shortText(report.estimate!));
  return explainingOutOfMemory(planned.what, (budget) => reportOf(device, planned, budget), device, use);
}
