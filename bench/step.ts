// The nets and the training step that are measured whole, and what they are fed.

import type { Size } from '../src/data/resample.js';
import { createRng, uniform } from '../src/data/rng.js';
import type { Device } from '../src/device/device.js';
import { compile, type Feeds } from '../src/engine.js';
import { KEPT_BYTES } from '../src/generate/generator.js';
import { planProgram } from '../src/graph/program.js';
import type { Maps } from '../src/nets/discriminator.js';
import { initialValues } from '../src/nets/init.js';
import type { Net } from '../src/nets/parameters.js';
import { adamFeeds, adamScalars } from '../src/train/adam.js';
import type { Start } from '../src/train/checkpoint.js';
import { type Nets, netsOf } from '../src/train/nets.js';
import { trainSettings } from '../src/train/settings.js';
import { trainingStep } from '../src/train/step.js';
import { destroyTrainee, trainee } from '../src/train/trainees.js';
import type { Values } from './operands.js';

/** Channels of the first layers; depth, instances, two scales and feature matching are the defaults, without the perceptual loss. */
export interface Width {
  ngf: number;
  ndf: number;
}

export const CLASSES = 35;

/** What the goals speak of. */
export const SIZE = { width: 256, height: 128 };
export const WIDTH: Width = { ngf: 32, ndf: 64 };

export const netsFor = (width: Width): Nets => netsOf(trainSettings({ labelNc: CLASSES, noVggLoss: true, ...width }));

export interface Picture {
  labels: Int32Array;
  instances: Int32Array;
  image: Float32Array;
}

/** Blocks of classes, and a picture of waves. */
export function pictureFor({ width, height }: Size): Picture {
  const block = (i: number) => Math.floor((i % width) / 16) + 5 * Math.floor(i / width / 16);
  const labels = Int32Array.from({ length: width * height }, (_, i) => block(i) % CLASSES);
  const image = Float32Array.from({ length: 3 * labels.length }, (_, i) => Math.sin(i / 37));
  return { labels, instances: labels, image };
}

/** 1 where the id differs from that of a neighbour. */
export function edgesOf(ids: Int32Array, { width, height }: Size): Float32Array {
  return Float32Array.from(ids, (id, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const differs = (inside: boolean, at: number) => inside && ids[at] !== id;
    const across = differs(x > 0, i - 1) || differs(x < width - 1, i + 1);
    return across || differs(y > 0, i - width) || differs(y < height - 1, i + width) ? 1 : 0;
  });
}

/** What the nets are conditioned on, encoded: one-hot planes of the labels, and the edges. */
export function encoded({ labels, instances }: Picture, size: Size): Values {
  const area = size.width * size.height;
  const data = new Float32Array((CLASSES + 1) * area);
  labels.forEach((label, i) => {
    data[label * area + i] = 1;
  });
  data.set(edgesOf(instances, size), CLASSES * area);
  return { shape: [1, CLASSES + 1, size.height, size.width], data };
}

export const RATE = 2e-4;

/** Of Adam's step, from 1. */
export const scalarFeeds = (step: number): Feeds => ({
  ...adamFeeds('G', adamScalars(step, RATE)),
  ...adamFeeds('D', adamScalars(step, RATE)),
});

/** In the order in which engines give them. */
export const LOSSES = ['G_GAN', 'G_GAN_Feat', 'D_real', 'D_fake'] as const;

/** Tensors of a net on the host, by name, in torch's layout. */
export type Weights = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;

/** As the reference draws them. */
export function drawnWeights({ parameters }: Net<unknown>, seed: number): Weights {
  const rng = createRng(seed);
  return new Map(parameters.map((p) => [p.name, { shape: p.shape, data: initialValues(p, () => uniform(rng)) }]));
}

const start = ({ G, D }: { G: Weights; D: Weights }): Start => ({
  nets: {
    G: (name) => () => G.get(name)!.data,
    D: (name) => () => D.get(name)!.data,
  },
});

/** The step as a graph, with the tensors that are trained. */
function graphOf(nets: Nets, size: Size, weights?: { G: Weights; D: Weights }, mostTogether?: number) {
  const from = weights ? start(weights) : {};
  const [G, D] = [trainee('G', nets.G, 1, from), trainee<Maps>('D', nets.D, 1, from)];
  const extent = [1, size.height, size.width] as const;
  const { encoding, generator } = nets;
  const spec = trainingStep({ extent, encoding, outputNc: generator.outputNc, G, D, mostTogether });
  return { spec, trainees: [G, D] };
}

export async function stepOf(device: Device, nets: Nets, size: Size, weights?: { G: Weights; D: Weights }) {
  const { spec, trainees } = graphOf(nets, size, weights);
  const program = await compile(device, spec, { keep: KEPT_BYTES });
  const close = () => {
    program.destroy();
    for (const one of trainees) destroyTrainee(device, one);
  };
  return { program, close };
}

/** Dispatches of a step; `plain`: with a kernel an op, and every picture judged by itself. */
export async function dispatchesOf(device: Device, nets: Nets, size: Size, plain: boolean): Promise<number> {
  const { spec } = graphOf(nets, size, undefined, plain ? 0 : undefined);
  const { plan } = await planProgram(device, spec, { fuse: !plain });
  return plan.steps.reduce((sum, { launches }) => sum + launches.length, 0);
}
