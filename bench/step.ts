// The training step of pix2pixHD as one program: for what a recorded dispatch costs, and against the same step elsewhere.

import type { Device } from '../src/device/device.js';
import { compile, type Feeds, type Program } from '../src/engine.js';
import { adamFeeds, adamScalars } from '../src/train/adam.js';
import { type Nets, netsOf } from '../src/train/nets.js';
import { trainSettings } from '../src/train/settings.js';
import { trainingStep } from '../src/train/step.js';
import { destroyTrainee, trainee } from '../src/train/trainees.js';

export interface Size {
  width: number;
  height: number;
}

/** Channels of the first layers; depth, instances, two scales and feature matching are the defaults, without the perceptual loss. */
export interface Width {
  ngf: number;
  ndf: number;
}

export const netsFor = (width: Width): Nets => netsOf(trainSettings({ labelNc: 35, noVggLoss: true, ...width }));

/** Stripes of classes, and a picture of waves. */
export function feedsFor({ width, height }: Size): Feeds {
  const area = width * height;
  const labels = Int32Array.from({ length: area }, (_, i) => Math.floor((i % width) / 8) % 35);
  const image = Float32Array.from({ length: 3 * area }, (_, i) => Math.sin(i / 37));
  return { labels, instances: labels, image };
}

export const RATE = 2e-4;

export const scalarFeeds = (step: number): Feeds => ({
  ...adamFeeds('G', adamScalars(step, RATE)),
  ...adamFeeds('D', adamScalars(step, RATE)),
});

export interface Step {
  program: Program;
  feeds: Feeds;
  close(): void;
}

export async function stepOf(device: Device, width: Width, size: Size): Promise<Step> {
  const nets = netsFor(width);
  const [G, D] = [trainee('G', nets.G, 1, {}), trainee('D', nets.D, 1, {})];
  const extent = [1, size.height, size.width] as const;
  const { encoding, generator } = nets;
  const program = await compile(device, trainingStep({ extent, encoding, outputNc: generator.outputNc, G, D }));
  const close = () => {
    program.destroy();
    for (const one of [G, D]) destroyTrainee(device, one);
  };
  return { program, feeds: feedsFor(size), close };
}
