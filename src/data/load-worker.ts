// A thread that reads, checks, resizes, cuts and mirrors samples; the other half of loaders.ts.

import { parentPort } from 'node:worker_threads';
import type { ProjectError } from '../errors.js';
import { type Dataset, type DatasetOptions, prepared } from './dataset.js';
import { readImage } from './load.js';
import type { SamplePaths } from './pairing.js';
import { createRng } from './rng.js';
import { drawSample, type PreparedSample, type Sample } from './sample.js';

/** What a thread is started with; `loads` tells it from other threads of the same file. */
export interface LoadWorkerData {
  loads: true;
  samples: SamplePaths[];
  options: DatasetOptions;
}

/** With `seeds` the sample as they draw it, else how large it is before that. */
export interface LoadRequest {
  id: number;
  number: number;
  seeds?: number[];
}

export interface LoadReply {
  id: number;
  sample?: Sample;
  size?: PreparedSample['size'];
  error?: { name: string; message: string };
}

const ARRAYS = ['labels', 'input', 'instances', 'image', 'features'] as const;

/** Buffers of a sample to hand over; one that the cache needs again is copied first. */
function handedOver(sample: Sample, { pictures }: PreparedSample): ArrayBuffer[] {
  const cached = new Set(Object.values(pictures).map(({ buffer }) => buffer));
  return ARRAYS.flatMap((name) => {
    const data = sample[name];
    if (!data) return [];
    const own = cached.has(data.buffer) ? data.slice() : data;
    Object.assign(sample, { [name]: own });
    return [own.buffer as ArrayBuffer];
  });
}

async function answer(dataset: Dataset, { id, number, seeds }: LoadRequest): Promise<[LoadReply, ArrayBuffer[]]> {
  try {
    const ready = await prepared(dataset, number);
    if (!seeds) return [{ id, size: ready.size }, []];
    const sample = drawSample(ready, dataset.options, createRng(...seeds));
    const buffers = handedOver(sample, ready);
    return [{ id, sample }, buffers];
  } catch (error) {
    const { name, message } = error as ProjectError;
    return [{ id, error: { name, message } }, []];
  }
}

/** Answers requests until the thread is ended. */
export function serveLoads({ samples, options }: LoadWorkerData): void {
  const dataset: Dataset = {
    samples,
    size: samples.length,
    options,
    read: readImage,
    cache: { samples: new Map(), bytes: 0 },
  };
  parentPort!.on('message', async (request: LoadRequest) => {
    parentPort!.postMessage(...(await answer(dataset, request)));
  });
}
