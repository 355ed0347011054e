// The memory of trainings and paintings: what --dry-run prints, and what every run looks at before it starts.

import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import type { CompileOptions } from '../engine.js';
import { paintingMemory, smallerPictures } from '../generate/estimate.js';
import type { GeneratorFile } from '../generate/open.js';
import type { Precision } from '../graph/half.js';
import { type Saving, type TrainingPlan, trainingMemory, trainingSavings } from '../train/estimate.js';
import {
  type Attempt,
  explainingOutOfMemory,
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
}

const pixels = ({ width, height }: Size): string => `${width}×${height}`;

export function plannedTraining(plan: TrainingPlan): Planned {
  const attempt = ({ options, plan }: Saving): Attempt => ({
    options,
    estimate: (device) => trainingMemory(device, plan),
  });
  const { batchSize, netG } = plan.settings;
  const vgg = plan.vgg ? ', with the perceptual loss' : '';
  return {
    what: `training a ${netG} generator on ${pixels(plan.size)}, batch ${batchSize}${vgg}`,
    asked: attempt({ options: '', plan }),
    ways: () => trainingSavings(plan).map((way) => way.map(attempt)),
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

export function plannedPainting(file: GeneratorFile, size: Size, compile: Compile): Planned {
  const attempt = (options: string, of: Size): Attempt => ({
    options,
    estimate: (device) => paintingMemory(device, file, of, compile),
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

/** Prints what a run would take; nothing of it is allocated. */
export async function dryRun(plan: (precision: Precision) => Planned, options: DryRunOptions): Promise<void> {
  const device = await openDevice(options);
  try {
    const planned = plan(await settledPrecision(device, options.precision, plan, options.memoryGb));
    const report = await reportOf(device, planned, memoryOf(device, options.memoryGb));
    console.log(options.json ? reportJson(report) : reportText(`${planned.what} on ${device.profile.name}`, report));
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
