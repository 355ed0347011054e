// A tiny training on striped pictures, for tests of the trainer.

import { defaultClasses } from '../../src/data/colours.js';
import { startCursor } from '../../src/data/cursor.js';
import type { Batch } from '../../src/data/dataset.js';
import type { Device } from '../../src/device/device.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import type { CheckpointFile, Progress } from '../../src/train/checkpoint.js';
import { type Settings, trainSettings } from '../../src/train/settings.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/train/trainer.js';
import { randomFrom } from '../support/random.js';

export const SETTINGS = trainSettings({
  labelNc: 4,
  resizeOrCrop: 'none',
  noFlip: true,
  serialBatches: true,
  ngf: 4,
  nDownsampleGlobal: 1,
  nBlocksGlobal: 1,
  ndf: 4,
  nLayersD: 2,
  niter: 10,
  niterDecay: 10,
  lr: 1e-3,
  seed: 7,
});

export const START: Progress = { step: 0, cursor: startCursor(7) };

/** Stripes of classes and a picture that follows them. */
export function batch(width: number, height: number, seed = 1): Batch {
  const random = randomFrom(seed);
  const labels = Int32Array.from({ length: width * height }, (_, i) => Math.floor((i % width) / 5 + seed) % 4);
  const image = Float32Array.from(
    { length: 3 * labels.length },
    (_, i) => labels[i % labels.length]! / 2 - 0.75 + 0.1 * random.next(),
  );
  return { width, height, count: 1, labels, instances: labels, image, paths: [] };
}

export const trainerFor = (
  device: Device,
  change: Partial<Settings> = {},
  more: Partial<TrainerOptions> = {},
): Trainer => createTrainer(device, { settings: { ...SETTINGS, ...change }, classes: defaultClasses(4), ...more });

export const bytesOf = async ({ tensors, metadata }: CheckpointFile): Promise<Uint8Array> => {
  const read = [];
  for (const tensor of tensors) {
    const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data;
    read.push({ ...tensor, data });
  }
  return encodeSafetensors(read, metadata);
};

export const fileOf = (trainer: Trainer, name: string): CheckpointFile =>
  trainer.checkpoint({ step: 3, cursor: startCursor(7) }).files.find((file) => file.name === name)!;
