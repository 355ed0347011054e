// How good a generator is, by pictures it was not trained on, beside what would need no generator.

import { type Dataset, prepared } from '../data/dataset.js';
import { toBytes } from '../data/encode.js';
import { resizeNearest } from '../data/resample.js';
import type { PreparedSample } from '../data/sample.js';
import type { Device } from '../device/device.js';
import type { Generator } from '../generate/generator.js';
import { classMeans, paintClassMeans } from '../train/baseline.js';
import { frechetDistance } from './frechet.js';
import type { Inception } from './inception.js';
import { type Judging, trainJudge } from './judge.js';
import type { Lpips } from './lpips.js';
import { type Judges, METRICS, type Measure, type MetricValues } from './measures.js';

export interface Evaluation {
  pictures: number;
  /**
   * Against the photos, by metric. `ours`: as the generator paints, with averaged weights where it has some; `raw`: with those of its last
   * step; `means`: every class in its mean colour of the training photos. `fid` is of all pictures together.
   */
  likeness: { ours: MetricValues; raw?: MetricValues; means: MetricValues };
  /**
   * What the segmentation net recognises: in photos, in those pictures, and in ours against the labels of another picture, where there are
   * several. Absent without a net.
   */
  consistency?: Record<'photos' | 'ours' | 'means', MetricValues> & { raw?: MetricValues; shuffled?: MetricValues };
}

type Painter = (sample: PreparedSample) => Promise<Uint8Array>;

/** Styles, where the net takes any, are drawn by the seed. */
const painterOf =
  (generator: Generator, seed: number): Painter =>
  async ({ size, pictures: { labels, instances } }) => {
    const styles = generator.manifest.encoding.features ? { seed } : undefined;
    return toBytes((await generator.generate({ size, labels, instances, styles })).data);
  };

/** The sample with the labels of the next picture, brought to its size. */
async function withOthersLabels(held: Dataset, number: number, sample: PreparedSample): Promise<PreparedSample> {
  const other = await prepared(held, (number + 1) % held.samples.length);
  const labels = resizeNearest(other.pictures.labels!, other.size, sample.size);
  return { ...sample, pictures: { ...sample.pictures, labels } };
}

const LIKENESS = ['l1', 'psnr', 'ssim', 'lpips'] as const;

/** Several measures of the same pictures. */
function together(measures: readonly Measure[]): Measure {
  return {
    async add(painted, sample) {
      for (const measure of measures) await measure.add(painted, sample);
    },
    result: () => Object.assign({}, ...measures.map((measure) => measure.result())),
  };
}

const resultsOf = (measures: Record<string, Measure>): Record<string, MetricValues> =>
  Object.fromEntries(Object.entries(measures).map(([name, measure]) => [name, measure.result()]));

export interface Subjects {
  ours: Generator;
  /** The same net with the weights of its last step, where `ours` has averaged ones. */
  raw?: Generator;
}

/** FID: the distance of the pictures' features from those of the photos, which are collected once for all. */
function fid(inception: Inception, photos: readonly Float32Array[]): Measure {
  const features: Float32Array[] = [];
  return {
    async add(painted, { size }) {
      features.push(await inception.features(painted, size));
    },
    result: () => ({ fid: frechetDistance(features, photos) }),
  };
}

/** Nets that the user has weights of. */
interface Given {
  lpips?: Lpips;
  inception?: Inception;
}

/** Paints and measures all pictures of `held` by every painter. */
async function measureAll(
  held: Dataset,
  painters: Record<string, Painter>,
  judges: Judges & Given,
): Promise<Evaluation> {
  const names = LIKENESS.filter((name) => name !== 'lpips' || judges.lpips);
  const eachPainter = <T>(make: () => T): Record<string, T> =>
    Object.fromEntries(Object.keys(painters).map((name) => [name, make()]));
  const { inception } = judges;
  const photos: Float32Array[] = [];
  const likeness = eachPainter(() =>
    together([...names.map((name) => METRICS[name].begin(judges)), ...(inception ? [fid(inception, photos)] : [])]),
  );
  const seeing = () => METRICS.consistency.begin(judges);
  const consistency = { photos: seeing(), ...eachPainter(seeing), shuffled: seeing() } as Record<string, Measure>;
  for (const number of held.samples.keys()) {
    const sample = await prepared(held, number);
    if (inception) photos.push(await inception.features(sample.pictures.image!, sample.size));
    if (judges.segmenter) await consistency.photos!.add(sample.pictures.image!, sample);
    for (const [name, paint] of Object.entries(painters)) {
      const painted = await paint(sample);
      await likeness[name]!.add(painted, sample);
      if (!judges.segmenter) continue;
      await consistency[name]!.add(painted, sample);
      if (name === 'ours') await consistency.shuffled!.add(painted, await withOthersLabels(held, number, sample));
    }
  }
  const { shuffled, ...recognised } = consistency;
  const seen = held.samples.length > 1 ? { ...recognised, shuffled: shuffled! } : recognised;
  return {
    pictures: held.samples.length,
    likeness: resultsOf(likeness) as Evaluation['likeness'],
    ...(judges.segmenter ? { consistency: resultsOf(seen) as Evaluation['consistency'] } : {}),
  };
}

/**
 * Paints all pictures of `held` and compares; with judging, first trains a segmentation net on `training`. Both data sets have labels and
 * RGB photos, whole and in the scale of the net's training.
 */
export async function evaluateGenerator(
  device: Device,
  { ours, raw }: Subjects,
  { training, held }: { training: Dataset; held: Dataset },
  judging: Judging,
  given: Given = {},
): Promise<Evaluation> {
  const { classes, encoding } = ours.manifest;
  const count = classes.names.length;
  const means = await classMeans(training, count);
  const segmenter = judging.steps > 0 ? await trainJudge(device, training, count, judging) : undefined;
  const painters = {
    ours: painterOf(ours, judging.seed),
    ...(raw ? { raw: painterOf(raw, judging.seed) } : {}),
    means: async ({ pictures }: PreparedSample) => paintClassMeans(pictures.labels!, means),
  };
  const ignored = encoding.dontCare === undefined ? undefined : encoding.labelNc;
  try {
    return await measureAll(held, painters, { segmenter, ...given, classes: count, ignored });
  } finally {
    segmenter?.close();
  }
}
