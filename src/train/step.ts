import { adam, add, concat, grad, input, type ProgramSpec, scale, type Tensor, variable } from '../engine.js';
import { refuse } from '../graph/tensor.js';
import type { Maps } from '../nets/discriminator.js';
import { type Encoding, type Extent, encodeInput } from '../nets/encode-input.js';
import { featureMatching, type GanMode, ganLoss } from '../nets/losses.js';
import { lookup, type Net, type Variables } from '../nets/parameters.js';

/** Adam's running means of a tensor's gradient and of its square. */
export interface Moments {
  m: Tensor;
  v: Tensor;
}

/** A net with its storage; what has moments is trained, by name. All programs of a run share these tensors. */
export interface Trainee<Output> {
  net: Net<Output>;
  variables: Variables;
  moments: Readonly<Record<string, Moments>>;
}

export interface AdamOptions {
  beta1: number;
  beta2: number;
  eps: number;
}

/** The reference's. */
export const ADAM: AdamOptions = { beta1: 0.5, beta2: 0.999, eps: 1e-8 };

export interface StepOptions {
  extent: Extent;
  encoding: Encoding;
  outputNc: number;
  G: Trainee<Tensor>;
  D: Trainee<Maps>;
  ganMode?: GanMode;
  /** Weight of feature matching; 0 leaves it out. */
  lambdaFeat?: number;
  adam?: AdamOptions;
}

/** Fresh moments, zeros, for the trained parameters that `chosen` picks: Adam starts anew with them. */
export const newMoments = (
  net: Net<unknown>,
  chosen: (name: string) => boolean = () => true,
): Record<string, Moments> =>
  Object.fromEntries(
    net.parameters
      .filter(({ name, trained }) => trained && chosen(name))
      .map(({ name, shape }) => [name, { m: variable(shape), v: variable(shape) }]),
  );

const SCALARS = ['lr', 'correction1', 'correction2'] as const;
type Scalars<T> = Record<(typeof SCALARS)[number], T>;

/**
 * What Adam's `step` (from 1, counted since its moments were zero) needs, computed in double: 1 − βᵗ in single precision is off by 1e-4
 * at the first steps of β 0.999.
 */
export const adamScalars = (step: number, lr: number, { beta1, beta2 }: AdamOptions = ADAM): Scalars<number> => ({
  lr,
  correction1: 1 - beta1 ** step,
  correction2: 1 - beta2 ** step,
});

/** Feeds of a net's Adam, named as `trainingStep` names its inputs: `G.lr`, `G.correction1`, … */
export const adamFeeds = (net: 'G' | 'D', scalars: Scalars<number>): Record<string, number> =>
  Object.fromEntries(SCALARS.map((name) => [`${net}.${name}`, scalars[name]]));

type Update = [variable: Tensor, value: Tensor];

/** Of everything trained in a net. */
const gradientsOf = ({ variables, moments }: Trainee<unknown>, loss: Tensor): Tensor[] =>
  grad(
    loss,
    Object.keys(moments).map((name) => variables[name]!),
  );

/** One Adam step of everything trained in a net; `gradients` in the order of its moments. */
function adamUpdates(
  { variables, moments }: Trainee<unknown>,
  gradients: readonly Tensor[],
  scalars: Scalars<Tensor>,
  rates: AdamOptions,
): Update[] {
  return Object.entries(moments).flatMap(([name, { m, v }], i): Update[] => {
    const w = variables[name]!;
    const next = adam(w, gradients[i]!, m, v, scalars, rates);
    return [
      [w, next.w],
      [m, next.m],
      [v, next.v],
    ];
  });
}

/** By the reference's names and in its order; feature matching only where it has a weight. */
function lossesOf(fake: Maps, real: Maps, { ganMode, lambdaFeat = 10 }: StepOptions): Record<string, Tensor> {
  return {
    G_GAN: ganLoss(fake, 'wish', ganMode),
    ...(lambdaFeat > 0 ? { G_GAN_Feat: featureMatching(fake, real, lambdaFeat) } : {}),
    D_real: ganLoss(real, 'real', ganMode),
    D_fake: ganLoss(fake, 'fake', ganMode),
  };
}

function scalarInputs(net: 'G' | 'D'): { inputs: Record<string, Tensor>; scalars: Scalars<Tensor> } {
  const scalars = { lr: input([]), correction1: input([]), correction2: input([]) };
  return { inputs: Object.fromEntries(SCALARS.map((name) => [`${net}.${name}`, scalars[name]])), scalars };
}

/** A generator rounds sides up to a multiple of 2^nDownsample; D needs labels and picture of one size. */
function checkKept({ shape: [, , height, width] }: Tensor, extent: Extent): void {
  if (height === extent[1] && width === extent[2]) return;
  refuse('trainingStep', 'extent', [...extent], `sides that the generator keeps; it makes ${height}×${width}`);
}

/**
 * The plain training step as one program: G once, D on the real and on the fake picture, both losses, both gradients, both Adam updates.
 *
 * D sees the fake once, for both losses. Each gradient is formed for one net's tensors alone, so the other net is constant in it: G's
 * loss never meets D's weights (the reference computes those gradients and discards them), D's loss ends at the picture. Both losses
 * judge the nets as they are before the step, so their order is free. D's gradient comes first: that frees the maps of the real picture
 * before the long way back through G, 2.0 instead of 2.3 GiB of intermediates at 1024×512.
 *
 * Inputs: the conditioning's (encodeInput), `image` f32 [N, outputNc, H, W] and the six scalars of `adamFeeds`. Outputs: the losses,
 * rank 0.
 * @throws GraphError where the sizes do not fit: sides must be multiples of 2^nDownsample
 */
export function trainingStep(options: StepOptions): ProgramSpec {
  const { extent, encoding, outputNc, G, D, adam: rates = ADAM } = options;
  const [n, height, width] = extent;
  const { inputs, condition } = encodeInput(encoding, extent);
  const image = input([n, outputNc, height, width]);
  const [ofG, ofD] = [scalarInputs('G'), scalarInputs('D')];

  const fake = G.net.forward(condition, lookup(G.variables));
  checkKept(fake, extent);
  const judge = (picture: Tensor) => D.net.forward(concat([condition, picture], 1), lookup(D.variables));
  const losses = lossesOf(judge(fake), judge(image), options);
  const lossG = losses.G_GAN_Feat ? add(losses.G_GAN!, losses.G_GAN_Feat) : losses.G_GAN!;
  const lossD = scale(add(losses.D_fake!, losses.D_real!), 0.5);
  const [gradientsD, gradientsG] = [gradientsOf(D, lossD), gradientsOf(G, lossG)];
  const updates = [
    ...adamUpdates(G, gradientsG, ofG.scalars, rates),
    ...adamUpdates(D, gradientsD, ofD.scalars, rates),
  ];
  return { inputs: { ...inputs, image, ...ofG.inputs, ...ofD.inputs }, outputs: losses, updates };
}
