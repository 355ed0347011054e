// Pictures that are never trained on, measured as a training goes on, and the best checkpoint by that.

import { type Batch, type Dataset, prepared, stackSamples } from '../data/dataset.js';
import { toBytes } from '../data/encode.js';
import { fitPlanes } from '../data/pad.js';
import { createRng } from '../data/rng.js';
import { drawSample, type PreparedSample } from '../data/sample.js';
import type { Device } from '../device/device.js';
import { trainJudge } from '../metrics/judge.js';
import { createLpips, type LpipsWeights } from '../metrics/lpips.js';
import { type Judges, METRICS, type MetricValues } from '../metrics/measures.js';
import type { MetricName } from '../metrics/names.js';
import type { Mark } from './checkpoint-manifest.js';
import type { Training } from './prepare.js';

export interface Measuring {
  metrics: readonly MetricName[];
  /** By which the best checkpoint is kept. */
  best?: MetricName;
  /** Steps that the segmentation net is trained for, where consistency is measured. */
  judgeSteps: number;
  lpips?: LpipsWeights;
}

/** The generator's picture of a batch, f32 [1, 3, H, W] in [−1, 1]. */
type Paint = (batch: Batch) => Promise<Float32Array>;

export interface Validator {
  readonly pictures: number;
  /** Values by name, of every picture as `paint` makes it. Nothing of it depends on an earlier call. */
  measure(paint: Paint): Promise<MetricValues>;
  close(): void;
}

/** Paints a sample whole and cuts off what its sides were grown by. */
async function painted(paint: Paint, sample: PreparedSample, { options }: Dataset): Promise<Uint8Array> {
  const batch = stackSamples([drawSample(sample, options, createRng(0))]);
  return toBytes(fitPlanes(await paint(batch), batch, sample.size));
}

/** What judges needs its nets; the segmentation net is trained here, on pairs of the training set alone. */
async function openJudges(device: Device, training: Training, measuring: Measuring, signal?: AbortSignal) {
  const { dataset, classes, settings } = training;
  const { metrics, judgeSteps: steps, lpips } = measuring;
  const count = classes.names.length;
  // A cache of its own, which goes with it.
  const pairs: Dataset = { ...dataset, cache: { samples: new Map(), bytes: 0 } };
  const segmenter = metrics.includes('consistency')
    ? await trainJudge(device, pairs, count, { steps, seed: settings.seed, signal })
    : undefined;
  return {
    segmenter,
    lpips: lpips && createLpips(device, lpips),
    classes: count,
    ignored: settings.dontCare === undefined ? undefined : settings.labelNc,
  } satisfies Judges;
}

/** Opens what judges the pictures of `training.held`. With the same seed, data and device it always says the same. */
export async function createValidator(
  device: Device,
  training: Training & { held: Dataset },
  measuring: Measuring,
  signal?: AbortSignal,
): Promise<Validator> {
  const { held } = training;
  const judges = await openJudges(device, training, measuring, signal);
  return {
    pictures: held.samples.length,
    async measure(paint) {
      const measures = measuring.metrics.map((name) => METRICS[name].begin(judges));
      for (const number of held.samples.keys()) {
        const sample = await prepared(held, number);
        const picture = await painted(paint, sample, held);
        for (const measure of measures) await measure.add(picture, sample);
      }
      return Object.assign({}, ...measures.map((measure) => measure.result()));
    },
    close() {
      judges.segmenter?.close();
      judges.lpips?.close();
    },
  };
}

/** Remembers the best value of a run by one metric. */
export interface BestKeeper {
  /** What marks a checkpoint with these values, where they are better than all before. */
  beats(values: MetricValues): Mark | undefined;
  /** A checkpoint was saved with that mark. */
  saved(mark: Mark): void;
}

/** A line of the log, and of what `--json` prints: the values beside those of training, which have names of their own. */
export const validationRecord = (step: number, values: Record<string, number | undefined>) => ({
  step,
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`val_${name}`, value])),
});
