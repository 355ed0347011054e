// A generator in ONNX's operators: the same description that builds the engine's graph, walked with names in place of tensors.

import type { Attribute, OnnxModel, OnnxNode } from '../formats/onnx.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import { DEFAULT_EPS } from '../graph/ops/norm.js';
import { type GeneratorArchitecture, generatorPyramid } from './architecture.js';
import { HALVING } from './discriminator.js';
import { type Activation, type Layer, LEAK, normName, unitParameters, usesBias } from './layer.js';
import { shapesOf } from './parameters.js';
import { type Backend, pyramidUnits, walkPyramid } from './walk.js';

/** Names of the model's input and output. */
export const INPUT = 'input';
export const OUTPUT = 'output';

type Attributes = Readonly<Record<string, Attribute>>;

/** Collects nodes and tensors; what it adds it hands back by its name. */
interface Builder {
  nodes: OnnxNode[];
  tensors: Map<string, TensorToWrite>;
  add(op: string, output: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Adds a tensor once, however often it is asked for. */
  constant(name: string, shape: number[], data: Float32Array | BigInt64Array): string;
  /** A tensor of the generator by its state-dict key; seen in `shape` where that differs. */
  weight(name: string, shape?: number[]): string;
}

/** A tensor of the generator, read when it is written. */
export type Weights = (name: string) => Float32Array;

function createBuilder(shapes: ReadonlyMap<string, readonly number[]>, weights: Weights): Builder {
  const nodes: OnnxNode[] = [];
  const tensors = new Map<string, TensorToWrite>();
  const once = (tensor: TensorToWrite): string => {
    if (!tensors.has(tensor.name)) tensors.set(tensor.name, tensor);
    return tensor.name;
  };
  return {
    nodes,
    tensors,
    add(op, output, inputs, attributes) {
      nodes.push({ op, output, inputs, attributes });
      return output;
    },
    constant: (name, shape, data) => once({ name, shape, dtype: data instanceof Float32Array ? 'F32' : 'I64', data }),
    weight: (name, shape = [...shapes.get(name)!]) => once({ name, shape, dtype: 'F32', data: () => weights(name) }),
  };
}

const floats = (shape: number[], value: number) =>
  [shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)] as const;

/** Mirrored borders: ONNX's convolutions know zeros alone. */
function reflected(x: string, { name, padding: p }: Layer, to: Builder): string {
  const sides = to.constant(`reflect.${p}`, [8], BigInt64Array.from([0, 0, p, p, 0, 0, p, p].map(BigInt)));
  return to.add('Pad', `${name}/Pad`, [x, sides], { mode: 'reflect' });
}

function enlarged(x: string, { name, enlarge }: Layer, to: Builder): string {
  if (!enlarge) return x;
  const scales = to.constant(`scales.${enlarge}`, [4], Float32Array.of(1, 1, enlarge, enlarge));
  const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return to.add('Resize', `${name}/Resize`, [x, '', scales], nearest);
}

const square = (side: number): number[] => [side, side];
const border = (side: number): number[] => [side, side, side, side];

function convolution(given: string, layer: Layer, to: Builder): string {
  const { name, kernel, stride = 1, padding, reflect, transposed } = layer;
  const large = enlarged(given, layer, to);
  const x = reflect ? reflected(large, layer, to) : large;
  const bias = usesBias(layer) ? [to.weight(`${name}.bias`)] : [];
  const op = transposed ? 'ConvTranspose' : 'Conv';
  return to.add(op, `${name}/${op}`, [x, to.weight(`${name}.weight`), ...bias], {
    kernel_shape: square(kernel),
    strides: square(stride),
    pads: border(reflect ? 0 : padding),
    ...(transposed ? { output_padding: square(stride - 1) } : {}),
  });
}

function instanceNorm(x: string, { name, outputs }: Layer, to: Builder): string {
  const scale = to.constant(`ones.${outputs}`, ...floats([outputs], 1));
  const shift = to.constant(`zeros.${outputs}`, ...floats([outputs], 0));
  const epsilon = { float: DEFAULT_EPS };
  return to.add('InstanceNormalization', `${name}/InstanceNormalization`, [x, scale, shift], { epsilon });
}

/**
 * With the statistics of the batch itself, as the reference does at all times: spelled out, since ONNX's own operator takes
 * running statistics unless it trains, and then few runtimes have it.
 */
function batchNorm(x: string, { name, outputs }: Layer, to: Builder): string {
  const at = normName(name);
  const mean = (of: string, as: string) => to.add('ReduceMean', `${at}/${as}`, [of], { axes: [0, 2, 3], keepdims: 1 });
  const channels = [outputs, 1, 1];
  const centred = to.add('Sub', `${at}/centred`, [x, mean(x, 'mean')]);
  const variance = mean(to.add('Mul', `${at}/squared`, [centred, centred]), 'variance');
  const positive = to.add('Add', `${at}/positive`, [variance, to.constant('epsilon', ...floats([], DEFAULT_EPS))]);
  const unit = to.add('Div', `${at}/unit`, [centred, to.add('Sqrt', `${at}/deviation`, [positive])]);
  const scaled = to.add('Mul', `${at}/scaled`, [unit, to.weight(`${at}.weight`, channels)]);
  return to.add('Add', `${at}/shifted`, [scaled, to.weight(`${at}.bias`, channels)]);
}

const NORMS = { instance: instanceNorm, batch: batchNorm };

const ACTIVATIONS: Record<Activation, readonly [op: string, attributes?: Attributes]> = {
  relu: ['Relu'],
  leakyRelu: ['LeakyRelu', { alpha: { float: LEAK } }],
  tanh: ['Tanh'],
};

function layerNodes(x: string, layer: Layer, to: Builder): string {
  const { name, norm, activation } = layer;
  const y = convolution(x, layer, to);
  const normalised = norm ? NORMS[norm](y, layer, to) : y;
  if (!activation) return normalised;
  const [op, attributes] = ACTIVATIONS[activation];
  return to.add(op, `${name}/${op}`, [normalised], attributes);
}

const { kernel, stride, padding, countIncludePad } = HALVING;
const AVERAGE: Attributes = {
  kernel_shape: square(kernel),
  strides: square(stride),
  pads: border(padding),
  count_include_pad: Number(countIncludePad),
};

const onnxBackend = (to: Builder): Backend<string> => ({
  layer: (x, layer) => layerNodes(x, layer, to),
  add: (a, b) => to.add('Add', `${b}/Add`, [a, b]),
  halve: (x) => to.add('AveragePool', `${x}/AveragePool`, [x], AVERAGE),
});

/** Nodes from INPUT [N, inputNc, H, W] to OUTPUT, for any batch and size, and the tensors that they use. */
export function onnxGraph(architecture: GeneratorArchitecture, weights: Weights): Pick<OnnxModel, 'nodes' | 'tensors'> {
  const pyramid = generatorPyramid(architecture);
  const shapes = shapesOf(unitParameters(pyramidUnits(pyramid)));
  const builder = createBuilder(shapes, weights);
  walkPyramid(INPUT, pyramid, onnxBackend(builder));
  const { nodes, tensors } = builder;
  return { nodes: nodes.with(-1, { ...nodes.at(-1)!, output: OUTPUT }), tensors: [...tensors.values()] };
}
