// The judge of label consistency: a segmentation net trained on the real pairs of a data set, and on what is no photo any more: it has one
// class more for that, which is no label's. So flat colours, which a net that only ever saw photos takes for the best of them, are not
// recognised where a photo would show anything but one colour.

import { type Dataset, prepared } from '../data/dataset.js';
import { createRng, type Rng, uniform } from '../data/rng.js';
import type { Device } from '../device/device.js';
import { createSegmenter, type Pair, type Segmenter } from './segmenter.js';
import { spoilt } from './spoil.js';

export interface Judging {
  steps: number;
  seed: number;
  onStep?(done: number, loss: number): void;
  /** Ends the training early. */
  signal?: AbortSignal;
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

/** A pair, as it is or mirrored, and of every other a part spoilt and called `none` there. */
async function drawPair(training: Dataset, none: number, rng: Rng): Promise<Pair> {
  const { size, pictures } = await prepared(training, Math.floor(uniform(rng) * training.samples.length));
  const turn = uniform(rng) < 0.5 ? mirrored : <T>(data: T) => data;
  const pair = { size, image: turn(pictures.image!, size.width, 3), labels: turn(pictures.labels!, size.width, 1) };
  return uniform(rng) < 0.5 ? pair : spoilt(pair, none, rng);
}

/**
 * A segmentation net trained on whole pairs, drawn one by one: by seed, steps and data alone. What it sees are ids below `classes`, or
 * `classes` where a picture is no photo.
 */
export async function trainJudge(
  device: Device,
  training: Dataset,
  classes: number,
  { steps, seed, onStep, signal }: Judging,
): Promise<Segmenter> {
  const judge = createSegmenter(device, classes + 1, seed);
  try {
    for (let step = 0; step < steps && !signal?.aborted; step++) {
      const loss = await judge.learn(await drawPair(training, classes, createRng(seed, step)), rateAt(step, steps));
      onStep?.(step + 1, loss);
    }
    return judge;
  } catch (error) {
    judge.close();
    throw error;
  }
}
