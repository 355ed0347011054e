// What is measured of painted pictures: a table of metrics, each summed up over pictures.

import type { PreparedSample } from '../data/sample.js';
import { meanL1 } from '../train/baseline.js';
import { agreement } from './consistency.js';
import type { Lpips } from './lpips.js';
import type { MetricName } from './names.js';
import { psnr, ssim } from './pictures.js';
import type { Segmenter } from './segmenter.js';

export type MetricValues = Record<string, number>;

/** Takes pictures one by one, then tells values by name. */
export interface Measure {
  /** An 8-bit RGB picture, interleaved, and the sample that it was painted from, with its photo. */
  add(painted: Uint8Array, sample: PreparedSample): Promise<void> | void;
  result(): MetricValues;
}

/** Nets that some metrics ask. */
export interface Judges {
  segmenter?: Pick<Segmenter, 'see'>;
  lpips?: Pick<Lpips, 'distance'>;
  /** Of the labels; pixels whose label is `ignored` do not count. */
  classes: number;
  ignored?: number;
}

interface Metric {
  /** Which of its values tells better from worse, and which way. */
  decides: string;
  better: 'lower' | 'higher';
  begin(judges: Judges): Measure;
}

type OfPicture = (painted: Uint8Array, sample: PreparedSample) => number | Promise<number>;

/** The mean over the pictures of a value of each. */
function meanOver(name: string, of: OfPicture): Measure {
  let [sum, count] = [0, 0];
  return {
    async add(painted, sample) {
      sum += await of(painted, sample);
      count++;
    },
    result: () => ({ [name]: sum / count }),
  };
}

/** `accuracy` and `meanIoU` of the labels in what the segmentation net sees. */
function consistency({ segmenter, classes, ignored }: Judges): Measure {
  const sums = agreement(classes, ignored);
  return {
    async add(painted, { size, pictures }) {
      sums.add(pictures.labels!, await segmenter!.see(painted, size));
    },
    result: () => ({ ...sums.result() }),
  };
}

/**
 * Levels of 0…255, dB, structural similarity (NaN where pictures are below 11 pixels), perceptual distance; of label consistency shares of
 * 1. A metric's judge has to be there: `segmenter` for consistency, `lpips` for LPIPS.
 */
export const METRICS = {
  l1: { decides: 'l1', better: 'lower', begin: () => meanOver('l1', (a, { pictures }) => meanL1(a, pictures.image!)) },
  psnr: {
    decides: 'psnr',
    better: 'higher',
    begin: () => meanOver('psnr', (a, { pictures }) => psnr(a, pictures.image!)),
  },
  ssim: {
    decides: 'ssim',
    better: 'higher',
    begin: () => meanOver('ssim', (a, { size, pictures }) => ssim(a, pictures.image!, size)),
  },
  lpips: {
    decides: 'lpips',
    better: 'lower',
    begin: ({ lpips }) => meanOver('lpips', (a, { size, pictures }) => lpips!.distance(a, pictures.image!, size)),
  },
  consistency: { decides: 'meanIoU', better: 'higher', begin: consistency },
} as const satisfies Record<MetricName, Metric>;

/** A metric's value that decides, and whether it is better than another; one that is no number never is. */
export function verdictOf(name: MetricName, values: MetricValues, best?: number): { value: number; better: boolean } {
  const { decides, better }: Metric = METRICS[name];
  const value = values[decides] ?? Number.NaN;
  const ahead = best === undefined || (better === 'lower' ? value < best : value > best);
  return { value, better: Number.isFinite(value) && ahead };
}
