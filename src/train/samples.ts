import { type Colour, colourLabels } from '../data/colours.js';
import { type Batch, stackSamples } from '../data/dataset.js';
import { toBytes } from '../data/encode.js';
import { dataFolders, findSamples, type SamplePaths } from '../data/folders.js';
import { toRgb } from '../data/image.js';
import { createRng } from '../data/rng.js';
import { drawSample, prepareSample } from '../data/sample.js';
import { encodeSheet, type Tile } from '../data/sheet.js';
import { ProjectError } from '../errors.js';
import type { Training } from './prepare.js';

/** Rows of a picture grid. */
const ROWS = 4;

/** Pictures that the training is measured by, else those of `test_*` where the data set has some, else those it trains on. */
async function samplePaths({ root, dataset, held }: Training): Promise<SamplePaths[]> {
  const { samples, options } = dataset;
  if (held) return held.samples;
  if (options.phase === 'test') return samples;
  try {
    return await findSamples(dataFolders(root, 'test', options));
  } catch (error) {
    if (error instanceof ProjectError) return samples;
    throw error;
  }
}

/** The same few pictures for every grid of a run, spread over the set and cut as in training, one a batch. */
export async function sampleBatches(training: Training): Promise<Batch[]> {
  const { dataset, settings } = training;
  const paths = await samplePaths(training);
  const count = Math.min(ROWS, paths.length);
  const options = { ...dataset.options, noFlip: true, scaleJitter: 0, colorJitter: 0 };
  const batch = async (_: unknown, i: number) => {
    const prepared = await prepareSample(paths[Math.floor((i * paths.length) / count)]!, options);
    return stackSamples([drawSample(prepared, options, createRng(settings.seed, 0, i))]);
  };
  return Promise.all(Array.from({ length: count }, batch));
}

/** Planes [channels, H, W] in [−1, 1] → interleaved RGB, as every picture is shown. */
function shown(planes: Float32Array, { width, height }: Batch): Uint8Array {
  const channels = planes.length / (width * height);
  const data = toBytes(planes, { channels });
  return toRgb({ width, height, channels, data, depth: 8, exact: true, notes: [], path: '' });
}

/** Label map or RGB input · painted · real. */
function row(batch: Batch, painted: Float32Array, palette: readonly Colour[]): Tile[] {
  const { width, height, labels, input, image } = batch;
  const first = labels ? colourLabels(labels, palette) : shown(input!, batch);
  const rest = [painted, ...(image ? [image] : [])].map((planes) => shown(planes, batch));
  return [first, ...rest].map((rgb) => ({ width, height, rgb }));
}

/** A PNG with a row for each batch of one. */
export const sampleSheet = (
  batches: readonly Batch[],
  painted: readonly Float32Array[],
  palette: readonly Colour[],
): Uint8Array => encodeSheet(batches.map((batch, i) => row(batch, painted[i]!, palette)));
