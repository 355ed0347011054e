// What a training saves, and what it starts from.

import type { Classes } from '../data/colours.js';
import type { Cursor } from '../data/cursor.js';
import type { Device } from '../device/device.js';
import { type Choices, read, type Tensor } from '../engine.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import { type Manifest, manifestMetadata } from '../nets/manifest.js';
import type { Variables } from '../nets/parameters.js';
import type { Trainee } from './adam.js';
import type { LossScale } from './loss-scale.js';
import type { Nets } from './nets.js';
import type { ImagePool } from './pool.js';
import { poolTensors } from './pool-file.js';

/** One file of a checkpoint; a tensor is read from the device when it is written. */
export interface CheckpointFile {
  name: string;
  tensors: TensorToWrite[];
  metadata: Record<string, string>;
}

/** Files and state of a training as it is now. */
export interface Checkpoint {
  files: CheckpointFile[];
  state: TrainState;
}

/** How far a training has come: steps done, and the place of its next batch. */
export interface Progress {
  step: number;
  cursor: Cursor;
}

/** Everything that the next step depends on besides the tensors. */
export interface TrainState extends Progress {
  /** Adam's steps since its moments were zero. */
  adam: { G: number; D: number };
  /** The trunk is fixed: the outermost enhancer alone is trained. */
  fixed: boolean;
  /** The kernels that compute, by what they compute: others would round otherwise. Of what is imported they are not known. */
  kernels?: Choices;
  /** Of the next step, where gradients are half floats. */
  lossScale?: LossScale;
}

/** Values of a tensor by its name in one of a checkpoint's files, or undefined where it has none. */
export type Stored = (name: string) => (() => Float32Array) | undefined;

/** Where a training starts from, as far as it is given: what is missing starts as in a new training. */
export interface Start {
  nets?: Partial<Record<'G' | 'D' | 'E', Stored>>;
  /** Averaged weights of G. */
  averages?: Stored;
  /** `G.model.1.weight.exp_avg`, `D.….exp_avg_sq`, `D.….u` */
  optimizer?: Stored;
  adam?: TrainState['adam'];
  fixed?: boolean;
  /** The image pool's fakes. */
  pool?: ImagePool['kept'];
  kernels?: Choices;
  lossScale?: LossScale;
}

export type NetName = 'G' | 'D' | 'E';
export type Trainees = Partial<Record<NetName, Trainee<unknown>>> & { vectors?: Variables };

/** Names of a moment in an optimiser's file, after torch's Adam. */
export const momentNames = (net: NetName, name: string) => ({
  m: `${net}.${name}.exp_avg`,
  v: `${net}.${name}.exp_avg_sq`,
});

/** Name of a spectral norm's left vector in that file. */
export const vectorName = (name: string): string => `D.${name}.u`;

export function manifestOf(nets: Nets, { names, palette }: Classes, step: number): Manifest {
  const { generator, encoding, encoder } = nets;
  const classes = { names, palette: palette.map(([r, g, b]): [number, number, number] => [r, g, b]) };
  return { format: 1, generator, encoding, ...(encoder ? { encoder } : {}), classes, step };
}

/** The files of a checkpoint: G.safetensors, D.safetensors, E.safetensors, G-ema.safetensors, optimizer.safetensors, pool.safetensors. */
export function checkpointFiles(
  device: Device,
  trainees: Trainees,
  manifest: Manifest,
  state: TrainState,
  pool?: ImagePool,
): CheckpointFile[] {
  const stored = (name: string, tensor: Tensor): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: [...tensor.shape],
    data: () => read(device, tensor),
  });
  const named = (['G', 'D', 'E'] as const).flatMap((net): [NetName, Trainee<unknown>][] =>
    trainees[net] ? [[net, trainees[net]]] : [],
  );
  const weights = ({ net, variables }: Trainee<unknown>, averages: Variables = {}) =>
    net.parameters.map(({ name }) => stored(name, averages[name] ?? variables[name]!));
  const moments = named.flatMap(([net, { moments }]) =>
    Object.entries(moments).flatMap(([name, pair]) => {
      const names = momentNames(net, name);
      return [stored(names.m, pair.m), stored(names.v, pair.v)];
    }),
  );
  const vectors = Object.entries(trainees.vectors ?? {}).map(([name, u]) => stored(vectorName(name), u));
  const described = manifestMetadata(manifest);
  const progress = { state: JSON.stringify(state) };
  const { G } = trainees;
  return [
    ...named.map(([net, trainee]) => ({
      name: `${net}.safetensors`,
      tensors: weights(trainee),
      metadata: net === 'D' ? progress : described,
    })),
    ...(G?.averages ? [{ name: 'G-ema.safetensors', tensors: weights(G, G.averages), metadata: described }] : []),
    { name: 'optimizer.safetensors', tensors: [...moments, ...vectors], metadata: progress },
    ...(pool ? [{ name: 'pool.safetensors', tensors: poolTensors(pool), metadata: progress }] : []),
  ];
}
