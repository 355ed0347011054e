// How good a generator is, by pictures it was not trained on, beside what would need no generator.

import { type Dataset, prepared } from '../data/dataset.js';
import { toBytes } from '../data/encode.js';
import { resizeNearest } from '../data/resample.js';
import { createRng, uniform } from '../data/rng.js';
import type { PreparedSample } from '../data/sample.js';
import type { Device } from '../device/device.js';
import type { Generator } from '../generate/generator.js';
import { classMeans, meanL1, paintClassMeans } from '../train/baseline.js';
import { type Agreement, agreement, type Consistency } from './consistency.js';
import { psnr, ssim } from './pictures.js';
import { createSegmenter, type Segmenter } from './segmenter.js';

/** Means over the pictures: levels of 0…255, dB, and structural similarity; NaN where pictures are below 11 pixels. */
export interface Likeness {
  l1: number;
  psnr: number;
  ssim: number;
}

export interface Evaluation {
  pictures: number;
  /** Against the photos. `means`: every class in its mean colour of the training photos. */
  likeness: { ours: Likeness; means: Likeness };
  /**
   * What the segmentation net recognises: in photos, in generated pictures, in class means, and in generated pictures against the labels of
   * another picture, where there are several. Absent without a net.
   */
  consistency?: { photos: Consistency; ours: Consistency; means: Consistency; shuffled?: Consistency };
}

export interface Judging {
  steps: number;
  seed: number;
  onStep(done: number, loss: number): void;
}

/** Falls to zero along half a cosine. */
const RATE = 2e-3;
const rateAt = (step: number, steps: number): number => (RATE * (1 + Math.cos((Math.PI * step) / steps))) / 2;

/** Mirrored in rows of `channels` a pixel. */
function mirrored<T extends Uint8Array | Int32Array>(data: T, width: number, channels: number): T {
  const out = data.slice() as T;
  const pixels = data.length / channels;
  for (let i = 0; i < pixels; i++) {
    const x = i % width;
    const from = channels * (i - x + width - 1 - x);
    for (let c = 0; c < channels; c++) out[channels * i + c] = data[from + c]!;
  }
  return out;
}

/** Trains a judge on the real pairs of a data set, drawn one by one, half of them mirrored. */
async function trainJudge(judge: Segmenter, training: Dataset, { steps, seed, onStep }: Judging): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const rng = createRng(seed, step);
    const { size, pictures } = await prepared(training, Math.floor(uniform(rng) * training.samples.length));
    const turn = uniform(rng) < 0.5 ? mirrored : <T>(data: T) => data;
    const pair = { size, image: turn(pictures.image!, size.width, 3), labels: turn(pictures.labels!, size.width, 1) };
    onStep(step + 1, await judge.learn(pair, rateAt(step, steps)));
  }
}

async function paint(generator: Generator, { size, pictures }: PreparedSample, seed: number): Promise<Uint8Array> {
  const { labels, instances } = pictures;
  const styles = generator.manifest.encoding.features ? { seed } : undefined;
  return toBytes((await generator.generate({ size, labels, instances, styles })).data);
}

const meanOf = (values: readonly Likeness[], name: keyof Likeness): number =>
  values.reduce((sum, each) => sum + each[name], 0) / values.length;

const meanLikeness = (values: readonly Likeness[]): Likeness => ({
  l1: meanOf(values, 'l1'),
  psnr: meanOf(values, 'psnr'),
  ssim: meanOf(values, 'ssim'),
});

const likenessOf = (picture: Uint8Array, { size, pictures }: PreparedSample): Likeness => ({
  l1: meanL1(picture, pictures.image!),
  psnr: psnr(picture, pictures.image!),
  ssim: ssim(picture, pictures.image!, size),
});

/** Labels of the next picture, brought to the size of this one. */
async function othersLabels(held: Dataset, number: number, { size }: PreparedSample): Promise<Int32Array> {
  const other = await prepared(held, (number + 1) % held.samples.length);
  return resizeNearest(other.pictures.labels!, other.size, size);
}

/**
 * Paints all pictures of `held` and compares; with judging, first trains a segmentation net on `training`. Both data sets have labels and
 * RGB photos, whole and in the scale of the net's training. Styles, where the net takes any, are drawn by the seed.
 */
export async function evaluateGenerator(
  device: Device,
  generator: Generator,
  { training, held }: { training: Dataset; held: Dataset },
  judging: Judging,
): Promise<Evaluation> {
  const { classes, encoding } = generator.manifest;
  const count = classes.names.length;
  const means = await classMeans(training, count);
  const judge = judging.steps > 0 ? createSegmenter(device, count, judging.seed) : undefined;
  try {
    if (judge) await trainJudge(judge, training, judging);
    const ignored = encoding.dontCare === undefined ? undefined : encoding.labelNc;
    const sums = { photos: 0, ours: 0, means: 0, shuffled: 0 };
    const seen = Object.fromEntries(Object.keys(sums).map((name) => [name, agreement(count, ignored)])) as Record<
      keyof typeof sums,
      Agreement
    >;
    const likeness: Record<'ours' | 'means', Likeness[]> = { ours: [], means: [] };
    for (const number of held.samples.keys()) {
      const sample = await prepared(held, number);
      const { labels, image } = sample.pictures;
      const painted = await paint(generator, sample, judging.seed);
      const flat = paintClassMeans(labels!, means);
      likeness.ours.push(likenessOf(painted, sample));
      likeness.means.push(likenessOf(flat, sample));
      if (!judge) continue;
      const ours = await judge.see(painted, sample.size);
      seen.photos.add(labels!, await judge.see(image!, sample.size));
      seen.ours.add(labels!, ours);
      seen.means.add(labels!, await judge.see(flat, sample.size));
      seen.shuffled.add(await othersLabels(held, number, sample), ours);
    }
    const { photos, ours, means: flat, shuffled } = seen;
    return {
      pictures: held.samples.length,
      likeness: { ours: meanLikeness(likeness.ours), means: meanLikeness(likeness.means) },
      consistency: judge && {
        photos: photos.result(),
        ours: ours.result(),
        means: flat.result(),
        ...(held.samples.length > 1 ? { shuffled: shuffled.result() } : {}),
      },
    };
  } finally {
    judge?.close();
  }
}
