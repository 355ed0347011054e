// What a training consists of: nets with what is trained of them, and what judges; and the graph of a step made of it.

import type { Device } from '../device/device.js';
import { type CompileOptions, destroy, type Tensor } from '../engine.js';
import type { Maps } from '../nets/discriminator.js';
import { createVariables, type Lookup, type Values, type Variables } from '../nets/parameters.js';
import { vgg19 } from '../nets/vgg.js';
import { ADAM, newMoments, type Trainee } from './adam.js';
import type { Start } from './checkpoint.js';
import type { Nets } from './nets.js';
import type { Settings } from './settings.js';
import type { Judge } from './step.js';
import { averagesOf, destroyMoments, destroyTrainee, trainee, vectorsOf } from './trainees.js';

/** What is trained and what judges. G and E change when the trunk is released. */
export interface Parts {
  G: Trainee<Tensor>;
  E?: Trainee<Tensor>;
  D: Trainee<Maps>;
  V?: Judge;
  vectors?: Variables;
}

/** What they are made of. */
export interface Origin {
  settings: Settings;
  /** VGG19's tensors, by torchvision's names; without them there is no perceptual loss. */
  vgg?: Values;
  /** What is not drawn anew. */
  start?: Start;
}

/** Gradients in half floats need losses of a scale. */
export const isScaled = ({ precision }: Settings): boolean => precision === 'f16';

/** While the trunk is fixed, the outermost enhancer alone is trained. */
export const isFixed = ({ netG, niterFixGlobal }: Settings, epoch: number): boolean =>
  netG === 'local' && epoch <= niterFixGlobal;

const judgeOf = (vgg: Values, imagenet: boolean, half: boolean): Judge => {
  const net = vgg19();
  return { net, variables: createVariables(net.parameters, vgg, half), imagenet };
};

/** With its averages, where there are some: those are what a checkpoint's user will see. */
export const paramsOf =
  ({ variables, averages }: Trainee<unknown>): Lookup =>
  (name) =>
    averages?.[name] ?? variables[name]!;

export function partsOf(nets: Nets, { settings, vgg, start = {} }: Origin, fixed: boolean): Parts {
  const { seed, nLocalEnhancers } = settings;
  const outermost = (name: string) => name.startsWith(`model${nLocalEnhancers}_`);
  const G = trainee('G', nets.G, seed, start, fixed ? outermost : undefined);
  return {
    G: settings.ema > 0 ? { ...G, averages: averagesOf(nets.G, seed, start) } : G,
    E: nets.E && trainee('E', nets.E, seed, start),
    D: trainee<Maps>('D', nets.D, seed, start),
    V: vgg && judgeOf(vgg, settings.vggNormalise, isScaled(settings)),
    vectors: settings.spectralNorm ? vectorsOf(nets.D, seed, start) : undefined,
  };
}

/** From here on everything of G and E is trained, and their Adam starts anew. */
export function released(device: Device, { G, E, ...rest }: Parts): Parts {
  const anew = <Output>(part: Trainee<Output>): Trainee<Output> => {
    destroyMoments(device, part);
    return { ...part, moments: newMoments(part.net) };
  };
  return { ...rest, G: anew(G), E: E && anew(E) };
}

export function destroyParts(device: Device, { G, D, E, V, vectors }: Parts): void {
  for (const part of E ? [G, D, E] : [G, D]) destroyTrainee(device, part);
  for (const tensor of Object.values({ ...V?.variables })) destroy(device, tensor);
  for (const tensor of Object.values({ ...vectors })) destroy(device, tensor);
}

export const ratesOf = ({ beta1 }: Settings) => ({ ...ADAM, beta1 });

/** How a training's programs store what they compute; what the command line leaves open is f32. */
export const storingOf = ({ precision }: Settings): Pick<CompileOptions, 'precision'> => ({
  precision: precision === 'f16' ? 'f16' : 'f32',
});

/** A training's step, of whatever size: the same for who runs it and for who plans its memory. */
export function stepOf(settings: Settings, { encoding, generator }: Nets, parts: Parts) {
  const { ganMode, lambdaFeat, noGanFeatLoss, poolSize, onNan } = settings;
  const losses = { ganMode, lambdaFeat, noGanFeatLoss, pool: poolSize > 0, onNan, scaled: isScaled(settings) };
  return { encoding, outputNc: generator.outputNc, ...parts, adam: ratesOf(settings), ...losses };
}
