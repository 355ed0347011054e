import {
  batchNorm,
  convTranspose2d,
  instanceNorm,
  leakyRelu,
  relu,
  type Tensor,
  tanh,
  upsampleNearest2d,
} from '../engine.js';
import { convolve } from './labelled.js';
import type { Lookup, Parameter, Role } from './parameters.js';

export type Norm = 'instance' | 'batch';
export type Activation = 'relu' | 'leakyRelu' | 'tanh';

/** Convolution, norm, activation: all that pix2pixHD's nets consist of. */
export interface Layer {
  /** State-dict prefix of the convolution. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding: number;
  readonly reflect?: boolean;
  /** Transposed: doubles the sides exactly; its weight is [inputs, outputs, k, k]. */
  readonly transposed?: boolean;
  /** The sides are first multiplied by this, repeating pixels. */
  readonly enlarge?: number;
  readonly norm?: Norm;
  readonly activation?: Activation;
}

/** A layer, or a block whose result is added to its input; nothing follows the sum. */
export type Unit = Layer | { readonly residual: readonly Layer[] };

/** What of a generator's layers may differ from the reference. */
export interface Style {
  /** How sides are doubled: transposed convolutions (the reference's; they leave a checkerboard), or repeated pixels and a convolution. */
  upsample?: 'transposed' | 'nearest';
  /** Borders of the layers that halve and double: zeros (the reference's; they leave light spots), or mirrored as everywhere else. */
  padding?: 'zeros' | 'reflect';
}

type Place = Pick<Layer, 'name' | 'inputs' | 'outputs'>;

/** 7×7 with mirrored border: the first and the last layer of a generator. */
export const wide = (place: Place): Layer => ({ ...place, kernel: 7, padding: 3, reflect: true });
/** Sides ⌈n/2⌉. */
export const down = (place: Place, { padding }: Style): Layer => {
  return { ...place, kernel: 3, stride: 2, padding: 1, reflect: padding === 'reflect' };
};
/** Sides 2n. */
export const up = (place: Place, { upsample, padding }: Style): Layer =>
  upsample === 'nearest'
    ? { ...place, kernel: 3, padding: 1, reflect: padding === 'reflect', enlarge: 2 }
    : { ...place, kernel: 3, stride: 2, padding: 1, transposed: true };

/** x + conv_block(x): two 3×3 convolutions with mirrored borders, no activation behind the second. */
export function residualBlock(name: string, channels: number, norm: Norm): Unit {
  const conv = (index: number): Layer => {
    const place = { name: `${name}.conv_block.${index}`, inputs: channels, outputs: channels };
    return { ...place, kernel: 3, padding: 1, reflect: true, norm };
  };
  return { residual: [{ ...conv(1), activation: 'relu' }, conv(5)] };
}

/** Slope of leakyRelu below 0. */
export const LEAK = 0.2;

const ACTIVATIONS: Record<Activation, (x: Tensor) => Tensor> = {
  relu,
  leakyRelu: (x) => leakyRelu(x, LEAK),
  tanh,
};

/** Batch norm stands one place behind its convolution: `model.4` → `model.5`. */
export const normName = (name: string): string => name.replace(/\d+$/, (index) => String(Number(index) + 1));

/** Instance norm subtracts the plane's mean and with it any bias: adding or training one would change nothing but rounding. */
export const usesBias = ({ norm }: Layer): boolean => norm !== 'instance';

function convolution(given: Tensor, layer: Layer, params: Lookup): Tensor {
  const { name, stride = 1, padding, reflect, transposed, enlarge } = layer;
  const x = enlarge ? upsampleNearest2d(given, enlarge) : given;
  const weight = params(`${name}.weight`);
  const bias = usesBias(layer) ? params(`${name}.bias`) : null;
  if (transposed) return convTranspose2d(x, weight, bias, { stride, padding, outputPadding: stride - 1 });
  return convolve(x, weight, bias, { stride, padding, paddingMode: reflect ? 'reflect' : 'zeros' });
}

/** With the statistics of the batch itself, in inference too, as the reference does. */
function normalise(x: Tensor, { name, norm }: Layer, params: Lookup): Tensor {
  if (norm === 'instance') return instanceNorm(x);
  const at = normName(name);
  return norm === 'batch' ? batchNorm(x, { weight: params(`${at}.weight`), bias: params(`${at}.bias`) }) : x;
}

/** x [N, inputs, H, W] → [N, outputs, …]. */
export function applyLayer(x: Tensor, layer: Layer, params: Lookup): Tensor {
  const y = normalise(convolution(x, layer, params), layer, params);
  return layer.activation ? ACTIVATIONS[layer.activation](y) : y;
}

/** torch counts a transposed convolution's fan-in over its second axis, the outputs. */
function convolutionParameters(layer: Layer): Parameter[] {
  const { name, inputs, outputs, kernel, transposed } = layer;
  const [first, second] = transposed ? [inputs, outputs] : [outputs, inputs];
  const fanIn = second * kernel * kernel;
  return [
    { name: `${name}.weight`, shape: [first, second, kernel, kernel], role: 'weight', fanIn, trained: true },
    { name: `${name}.bias`, shape: [outputs], role: 'bias', fanIn, trained: usesBias(layer) },
  ];
}

const BATCH_NORM: readonly (readonly [suffix: string, role: Role])[] = [
  ['weight', 'scale'],
  ['bias', 'shift'],
  ['running_mean', 'mean'],
  ['running_var', 'variance'],
  ['num_batches_tracked', 'count'],
];

const batchNormParameters = ({ name, outputs }: Layer): Parameter[] =>
  BATCH_NORM.map(([suffix, role]) => ({
    name: `${normName(name)}.${suffix}`,
    shape: role === 'count' ? [] : [outputs],
    role,
    fanIn: 0,
    trained: role === 'scale' || role === 'shift',
  }));

/** Everything the units own, in the order of a state dict. */
export const unitParameters = (units: readonly Unit[]): Parameter[] =>
  units.flatMap((unit) => {
    if ('residual' in unit) return unitParameters(unit.residual);
    return [...convolutionParameters(unit), ...(unit.norm === 'batch' ? batchNormParameters(unit) : [])];
  });
