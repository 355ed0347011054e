import { add, concat, div, full, grad, input, mul, type ProgramSpec, scale, type Tensor, where } from '../engine.js';
import { gradFrom } from '../graph/autograd.js';
import { isCheapLater, madeLater } from '../graph/ops/convolve.js';
import { refuse } from '../graph/tensor.js';
import type { Maps } from '../nets/discriminator.js';
import { type Encoding, type Extent, encodeInput } from '../nets/encode-input.js';
import { encodeStyles } from '../nets/encoder.js';
import { featureMatching, type GanMode, ganLoss, perceptual } from '../nets/losses.js';
import { type Lookup, lookup, type Net, type Variables } from '../nets/parameters.js';
import { spectrallyNormed } from '../nets/spectral-norm.js';
import { imagenetNormalised, threeChannels } from '../nets/vgg.js';
import {
  ADAM,
  type AdamOptions,
  adamUpdates,
  scalarInputs,
  type Trainee,
  trainedTensors,
  type Update,
} from './adam.js';
import { anyOf, type Faults, faultOutputs, faultsOf, SATURATED, saturationOf, trainedFaults } from './faults.js';
import { type Pair, verdictsOf } from './verdicts.js';

/** A net that only judges. */
export interface Judge {
  net: Net<Iterable<Tensor>>;
  variables: Variables;
  /** It wants pictures as ImageNet's were. */
  imagenet: boolean;
}

export interface StepOptions {
  extent: Extent;
  encoding: Encoding;
  outputNc: number;
  G: Trainee<Tensor>;
  D: Trainee<Maps>;
  /** Trained with G where there are style channels; without it they are an input, `features`. */
  E?: Trainee<Tensor>;
  /** Of VGG19, for the perceptual loss. */
  V?: Judge;
  /** Regions that the styles have room for. */
  regions?: number;
  ganMode?: GanMode;
  /** Weight of feature matching and of the perceptual loss. */
  lambdaFeat?: number;
  /** Feature matching is left out. */
  noGanFeatLoss?: boolean;
  adam?: AdamOptions;
  /** Elements of two pairs up to which D judges them as one batch; 0: each by itself. */
  mostTogether?: number;
  /** D judges a fake of an earlier step: the conditioning and picture that the host kept, as `pool.*` inputs. */
  pool?: boolean;
  /** Left vectors of D's spectral norm. */
  vectors?: Variables;
  /** Looks for NaN and infinity; with `skip` a step that meets some changes nothing, for which all gradients wait for the last. */
  onNan?: 'stop' | 'skip';
  /**
   * Gradients are stored as half floats: those formed are of losses times the input `lossScale`, and a step in which some overflow
   * changes nothing.
   */
  scaled?: boolean;
}

type Inputs = Record<string, Tensor>;

/** A step before its updates: what goes in, the losses by the reference's names, and the gradients of everything trained. */
export interface Backward {
  inputs: Inputs;
  losses: Record<string, Tensor>;
  faults: Faults;
  /** Share of saturated values, where faults are looked for. */
  saturated: Record<string, Tensor>;
  /** Of G and then E, in the order of their moments, and of D. */
  gradients: { G: Tensor[]; D: Tensor[] };
  /** Of what follows the step by itself. */
  updates: Update[];
}

/** A generator rounds sides up to a multiple of 2^nDownsample; D needs labels and picture of one size. */
function checkKept({ shape: [, , height, width] }: Tensor, extent: Extent): void {
  if (height === extent[1] && width === extent[2]) return;
  refuse('trainingStep', 'extent', [...extent], `sides that the generator keeps; it makes ${height}×${width}`);
}

/** The style channels: E's, averaged over `regions`, or a map that is fed. */
export function styleInput(
  { encoding, extent: [n, h, w], E, regions }: Pick<StepOptions, 'encoding' | 'extent' | 'E' | 'regions'>,
  image: Tensor,
): { inputs: Inputs; styles: Tensor[] } {
  if (!encoding.features) return { inputs: {}, styles: [] };
  if (!E) {
    const features = input([n, encoding.features.count, h, w]);
    return { inputs: { features }, styles: [features] };
  }
  const ids = input([n, 1, h, w], 'i32');
  return { inputs: { regions: ids }, styles: [encodeStyles(E.net, image, ids, regions!, lookup(E.variables))] };
}

/** Side by side as channels. */
export const beside = (parts: Tensor[]): Tensor => (parts.length > 1 ? concat(parts, 1) : parts[0]!);

function perceptualLoss({ net, variables, imagenet }: Judge, fake: Tensor, real: Tensor, lambda: number): Tensor {
  const look = (picture: Tensor) => {
    const x = threeChannels(picture);
    return net.forward(imagenet ? imagenetNormalised(x) : x, lookup(variables));
  };
  return perceptual(look(fake), look(real), lambda);
}

/** The pair of an earlier step, encoded as this step's is. */
function pooledPair({ encoding, extent, outputNc }: StepOptions): { inputs: Inputs; pair: Pair } {
  const { inputs, condition } = encodeInput(encoding, extent);
  const picture = input([extent[0], outputNc, extent[1], extent[2]]);
  const named = Object.entries({ ...inputs, picture }).map(([name, tensor]) => [`pool.${name}`, tensor]);
  return { inputs: Object.fromEntries(named), pair: { condition, picture } };
}

const total = (losses: readonly (Tensor | undefined)[]): Tensor =>
  losses.filter((loss) => loss !== undefined).reduce((sum, loss) => add(sum, loss));

/**
 * Losses and gradients of one batch.
 *
 * D sees the fake once, for both losses, and small pictures both at once. Each gradient is formed for one net's tensors alone, so the
 * other net is constant in it: G's loss never meets D's weights (the reference computes those gradients and discards them), D's loss ends
 * at the picture. Both losses judge the nets as they are before the step, so their order is free. Each judge's gradient in the picture is
 * formed before the next one looks at it, so that only one has its maps in memory, and the way back through G comes last: 2.4 instead of
 * 3.3 GiB of intermediates at 1024×512 with both.
 */
export function backward(options: StepOptions): Backward {
  const { extent, encoding, outputNc, G, D, E, V, ganMode, lambdaFeat = 10, noGanFeatLoss } = options;
  const [n, height, width] = extent;
  const { inputs, condition } = encodeInput(encoding, extent);
  const image = input([n, outputNc, height, width]);
  const style = styleInput(options, image);
  const fake = G.net.forward(beside([condition, ...style.styles]), lookup(G.variables));
  checkKept(fake, extent);

  const lossScale = options.scaled ? input([]) : undefined;
  const scaled = (loss: Tensor): Tensor => (lossScale ? mul(loss, lossScale) : loss);
  const seen = V && perceptualLoss(V, fake, image, lambdaFeat);
  const [seenGradient] = seen ? grad(scaled(seen), [fake]) : [];

  const given = lookup(D.variables);
  const { params, updates } = options.vectors
    ? spectrallyNormed(given, options.vectors)
    : { params: given, updates: [] as Update[] };
  const judge = (pair: Tensor): Maps => D.net.forward(pair, params as Lookup);
  const pooled = options.pool ? pooledPair(options) : undefined;
  const pairs = { fake: { condition, picture: fake }, real: { condition, picture: image }, pooled: pooled?.pair };
  const verdicts = verdictsOf(D.net, judge, pairs, options.mostTogether);
  const losses: Record<string, Tensor> = {
    G_GAN: ganLoss(verdicts.fake, 'wish', ganMode),
    ...(noGanFeatLoss ? {} : { G_GAN_Feat: featureMatching(verdicts.fake, verdicts.real, lambdaFeat) }),
    ...(seen ? { G_VGG: seen } : {}),
    D_real: ganLoss(verdicts.real, 'real', ganMode),
    D_fake: ganLoss(verdicts.judged, 'fake', ganMode),
  };
  const lossD = scale(add(losses.D_fake!, losses.D_real!), 0.5);
  const ofD = grad(scaled(lossD), trainedTensors(D));
  const judged = verdicts.inFake(scaled(total([losses.G_GAN, losses.G_GAN_Feat])));
  const ofFakeAll = seenGradient ? add(seenGradient, judged) : judged;
  const ofG = gradFrom(fake, ofFakeAll, [...trainedTensors(G), ...(E ? trainedTensors(E) : [])]);
  const all = { ...inputs, image, ...style.inputs, ...(pooled?.inputs ?? {}) };
  return {
    inputs: { ...all, ...(lossScale ? { lossScale } : {}) },
    losses,
    faults: options.onNan || lossScale ? faultsOf(all, fake, losses) : {},
    saturated: options.onNan ? { [SATURATED]: saturationOf(fake) } : {},
    gradients: { G: ofG, D: ofD },
    updates,
  };
}

type Trainees = Pick<StepOptions, 'G' | 'D' | 'E' | 'adam' | 'onNan' | 'scaled'>;

/** Whether a step may be one that changes nothing, for which it must know all faults before its first update. */
export const mayBeSkipped = ({ onNan, scaled = false }: Pick<StepOptions, 'onNan' | 'scaled'>): boolean =>
  onNan === 'skip' || scaled;

/**
 * Adam's inputs, the updates of G, E and D for their gradients, and all faults that were looked for. Where the updates wait for the
 * faults, gradients that are larger than what they are made of are made after these: of pix2pixHD's generator at 512×256 most are.
 */
function optimise(
  { adam: rates = ADAM, ...options }: Trainees,
  formed: Backward['gradients'],
  found: Faults,
  { before, lossScale }: { before?: Tensor; lossScale?: Tensor },
) {
  const { G, D, E, onNan } = options;
  const waits = mayBeSkipped(options);
  const count = Object.keys(G.moments).length;
  const faults: Faults =
    onNan || waits
      ? {
          ...found,
          ...trainedFaults('G', G, formed.G.slice(0, count), waits),
          ...(E ? trainedFaults('E', E, formed.G.slice(count), waits) : {}),
          ...trainedFaults('D', D, formed.D, waits),
        }
      : {};
  const skip = waits ? anyOf({ ...faults, ...(before ? { before } : {}) }) : undefined;
  const late = (list: Tensor[]) => list.map((each) => (waits && isCheapLater(each) ? madeLater(each) : each));
  const gradients = { G: late(formed.G), D: late(formed.D) };
  const computed = { ...(skip ? { skip } : {}), ...(lossScale ? { unscale: div(1, lossScale) } : {}) };
  const [ofG, ofD] = [scalarInputs('G', computed), scalarInputs('D', computed)];
  const follow = G.averages ? input([]) : undefined;
  const rest = follow && skip ? where(skip, 0, follow) : follow;
  const updates = [
    ...adamUpdates(G, gradients.G.slice(0, count), ofG.scalars, rates, rest),
    ...(E ? adamUpdates(E, gradients.G.slice(count), ofG.scalars, rates) : []),
    ...adamUpdates(D, gradients.D, ofD.scalars, rates),
  ];
  return { inputs: { ...ofG.inputs, ...ofD.inputs, ...(follow ? { 'G.follow': follow } : {}) }, updates, faults };
}

/**
 * The plain training step as one program: G once, D on the real and on the fake picture, both losses, both gradients, both Adam updates.
 *
 * Inputs: the conditioning's (encodeInput), `image` f32 [N, outputNc, H, W], with styles `regions` i32 [N, 1, H, W] or `features`
 * f32 [N, count, H, W], with a pool the earlier conditioning and picture under `pool.`, the six scalars of `adamFeeds`, and with
 * averages `G.follow` = 1 − decay, with `scaled` also `lossScale`. Outputs: the losses, rank 0, and with `onNan` or `scaled` what `faultNames` reads and the share of saturated values.
 * @throws GraphError where the sizes do not fit: sides must be multiples of what the generator halves
 */
export function trainingStep(options: StepOptions): ProgramSpec {
  const { inputs, losses, gradients, updates, faults, saturated } = backward(options);
  const step = optimise(options, gradients, faults, inputs);
  const outputs = { ...losses, ...saturated, ...faultOutputs(step.faults) };
  return { inputs: { ...inputs, ...step.inputs }, outputs, updates: [...updates, ...step.updates] };
}

/** Where gradients of several batches add up, in the order of the moments. */
export interface Accumulators {
  G: Tensor[];
  D: Tensor[];
}

/** Adds a batch's gradients, each over `batches`, to the accumulators. Inputs and outputs as `trainingStep`'s, without Adam's. */
export function accumulatingStep(options: StepOptions, sums: Accumulators, batches: number): ProgramSpec {
  const { inputs, losses, gradients, updates, faults, saturated } = backward(options);
  const added = (['G', 'D'] as const).flatMap((net) =>
    sums[net].map((sum, i): Update => [sum, add(sum, scale(gradients[net][i]!, 1 / batches))]),
  );
  const outputs = { ...losses, ...saturated, ...faultOutputs(faults) };
  return { inputs, outputs, updates: [...updates, ...added] };
}

/**
 * Adam on what the accumulators hold, which are zero afterwards. Inputs: Adam's, and `faults` where those of
 * the batches make it skip: not 0 where there were some. Outputs: with `onNan` faults of the sums and weights.
 */
export function applyingStep(trainees: Trainees, sums: Accumulators): ProgramSpec {
  const before = mayBeSkipped(trainees) ? input([]) : undefined;
  const lossScale = trainees.scaled ? input([]) : undefined;
  const { inputs, updates, faults } = optimise(trainees, sums, {}, { before, lossScale });
  const emptied = [...sums.G, ...sums.D].map((sum): Update => [sum, full(sum.shape, 0)]);
  const all = { ...inputs, ...(before ? { faults: before } : {}), ...(lossScale ? { lossScale } : {}) };
  return { inputs: all, outputs: faultOutputs(faults), updates: [...updates, ...emptied] };
}
