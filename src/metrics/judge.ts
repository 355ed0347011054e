// The judge of label consistency: a segmentation net trained on the real pairs of a data set.

import { type Dataset, prepared } from '../data/dataset.js';
import { createRng, uniform } from '../data/rng.js';
import type { Device } from '../device/device.js';
import { createSegmenter, type Segmenter } from './segmenter.js';

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

async function learnPairs(judge: Segmenter, training: Dataset, { steps, seed, onStep, signal }: Judging) {
  for (let step = 0; step < steps && !signal?.aborted; step++) {
    const rng = createRng(seed, step);
    const { size, pictures } = await prepared(training, Math.floor(uniform(rng) * training.samples.length));
    const turn = uniform(rng) < 0.5 ? mirrored : <T>(data: T) => data;
    const pair = { size, image: turn(pictures.image!, size.width, 3), labels: turn(pictures.labels!, size.width, 1) };
    const loss = await judge.learn(pair, rateAt(step, steps));
    onStep?.(step + 1, loss);
  }
}

/** A segmentation net trained on whole pairs, drawn one by one, half of them mirrored: by seed, steps and data alone. */
export async function trainJudge(
  device: Device,
  training: Dataset,
  classes: number,
  judging: Judging,
): Promise<Segmenter> {
  const judge = createSegmenter(device, classes, judging.seed);
  try {
    await learnPairs(judge, training, judging);
    return judge;
  } catch (error) {
    judge.close();
    throw error;
  }
}
