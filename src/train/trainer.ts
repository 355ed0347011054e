import type { Classes } from '../data/colours.js';
import type { Batch, Cursor } from '../data/dataset.js';
import { createRng, uniform } from '../data/rng.js';
import type { Device } from '../device/device.js';
import { type CompileOptions, createArena, destroy, type ProgramStats, read, type Tensor } from '../engine.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import { sizedPrograms } from '../graph/sizes.js';
import type { Maps } from '../nets/discriminator.js';
import { type Extent, encodeInput } from '../nets/encode-input.js';
import { initialValues } from '../nets/init.js';
import { type Manifest, manifestMetadata } from '../nets/manifest.js';
import { createVariables, lookup, type Net } from '../nets/parameters.js';
import { netsOf, type Settings } from './nets.js';
import { ADAM, adamFeeds, adamScalars, newMoments, type Trainee, trainingStep } from './step.js';

/** By the reference's names: G_GAN, G_GAN_Feat, D_real, D_fake. */
export type Losses = Record<string, number>;

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
}

export interface Trainer {
  /** One step on a batch, queued at the call. */
  step(batch: Batch, lr: number): Promise<Losses>;
  /** The generator's picture of a batch: f32 [N, outputNc, H, W] in [−1, 1]. */
  paint(batch: Batch): Promise<Float32Array>;
  /** What to save; to be written before the next step. */
  checkpoint(progress: Progress): Checkpoint;
  /** Of the last step's program; undefined before the first. */
  readonly stats: ProgramStats | undefined;
  /** Frees all its memory on the device. */
  close(): void;
}

export interface TrainerOptions {
  settings: Settings;
  classes: Classes;
  compile?: Omit<CompileOptions, 'arena'>;
}

/** First values by seed, net and place of the tensor alone, so that it does not matter which is asked for first. */
function trainee<Output>(net: Net<Output>, seed: number, number: number): Trainee<Output> {
  const variables = createVariables(net.parameters, (parameter, index) => () => {
    const rng = createRng(seed, number, index);
    return initialValues(parameter, () => uniform(rng));
  });
  return { net, variables, moments: newMoments(net) };
}

const tensorsOf = ({ variables, moments }: Trainee<unknown>): Tensor[] => [
  ...Object.values(variables),
  ...Object.values(moments).flatMap(({ m, v }) => [m, v]),
];

const extentOf = ({ count, height, width }: Batch): Extent => [count, height, width];

/** The pictures of a batch under the names of the programs' inputs. */
const conditionFeeds = ({ labels, input, instances }: Batch) => ({
  ...(labels ? { labels } : { input: input! }),
  ...(instances ? { instances } : {}),
});

/** Nets in training on a device. Steps for batches of every size share pipelines, memory and tensors. */
export function createTrainer(device: Device, { settings, classes, compile }: TrainerOptions): Trainer {
  const nets = netsOf(settings);
  const G = trainee(nets.G, settings.seed, 1);
  const D = trainee<Maps>(nets.D, settings.seed, 2);
  const { encoding, generator } = nets;
  const rates = { ...ADAM, beta1: settings.beta1 };
  const lambdaFeat = settings.noGanFeatLoss ? 0 : settings.lambdaFeat;
  const arena = createArena(device);
  const steps = sizedPrograms(
    device,
    arena,
    (extent: Extent) => trainingStep({ extent, encoding, outputNc: generator.outputNc, G, D, lambdaFeat, adam: rates }),
    compile,
  );
  const painters = sizedPrograms(
    device,
    arena,
    (extent: Extent) => {
      const { inputs, condition } = encodeInput(encoding, extent);
      return { inputs, outputs: { picture: nets.G.forward(condition, lookup(G.variables)) } };
    },
    compile,
  );
  const adam = { G: 0, D: 0 };
  let stats: ProgramStats | undefined;

  return {
    get stats() {
      return stats;
    },
    async step(batch, lr) {
      const program = await steps.of(extentOf(batch));
      stats = program.stats;
      const feeds = {
        ...conditionFeeds(batch),
        image: batch.image!,
        ...adamFeeds('G', adamScalars(++adam.G, lr, rates)),
        ...adamFeeds('D', adamScalars(++adam.D, lr, rates)),
      };
      const outputs = await program.run(feeds);
      return Object.fromEntries(Object.entries(outputs).map(([name, [value]]) => [name, value!]));
    },
    async paint(batch) {
      const program = await painters.of(extentOf(batch));
      const { picture } = await program.run(conditionFeeds(batch));
      return picture as Float32Array;
    },
    checkpoint(progress) {
      const manifest: Manifest = {
        format: 1,
        generator,
        encoding,
        classes: { names: classes.names, palette: classes.palette.map(([r, g, b]) => [r, g, b]) },
        step: progress.step,
      };
      const state: TrainState = { ...progress, adam: { ...adam } };
      return { state, files: checkpointFiles(device, { G, D }, manifest, state) };
    },
    close() {
      steps.destroy();
      painters.destroy();
      arena.destroy();
      for (const tensor of [...tensorsOf(G), ...tensorsOf(D)]) destroy(device, tensor);
    },
  };
}

function checkpointFiles(
  device: Device,
  nets: Record<'G' | 'D', Trainee<unknown>>,
  manifest: Manifest,
  state: TrainState,
): CheckpointFile[] {
  const stored = (name: string, tensor: Tensor): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: [...tensor.shape],
    data: () => read(device, tensor),
  });
  const weights = ({ net, variables }: Trainee<unknown>) =>
    net.parameters.map(({ name }) => stored(name, variables[name]!));
  const moments = (label: string, { moments }: Trainee<unknown>) =>
    Object.entries(moments).flatMap(([name, { m, v }]) => [
      stored(`${label}.${name}.exp_avg`, m),
      stored(`${label}.${name}.exp_avg_sq`, v),
    ]);
  const progress = { state: JSON.stringify(state) };
  return [
    { name: 'G.safetensors', tensors: weights(nets.G), metadata: manifestMetadata(manifest) },
    { name: 'D.safetensors', tensors: weights(nets.D), metadata: progress },
    {
      name: 'optimizer.safetensors',
      tensors: [...moments('G', nets.G), ...moments('D', nets.D)],
      metadata: progress,
    },
  ];
}
