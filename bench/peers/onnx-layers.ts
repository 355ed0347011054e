// Layers and the generator as ONNX models.

import { type Attribute, type OnnxModel, type OnnxNode, onnxParts } from '../../src/formats/onnx.js';
import type { TensorToWrite } from '../../src/formats/safetensors.js';
import { INPUT, OUTPUT, onnxGraph } from '../../src/nets/onnx-graph.js';
import { type Case, type Kind, type Layer, outputShape } from '../cases.js';
import type { GeneratorCase } from '../engine.js';
import type { Operands, Values } from '../operands.js';

const node = (
  op: string,
  output: string,
  inputs: readonly string[],
  attributes: Record<string, Attribute> = {},
): OnnxNode => ({ op, output, inputs, attributes });

const square = (value: number, times = 2): number[] => new Array(times).fill(value);

const convAttributes = ({ w, stride = 1, padding = 0 }: Layer) => ({
  kernel_shape: w!.slice(2),
  strides: square(stride),
  pads: square(padding, 4),
});

const norm = (x: string, y: string): OnnxNode =>
  node('InstanceNormalization', y, [x, 'ones', 'zeros'], { epsilon: { float: 1e-5 } });

/** A mirrored border of a pixel, a convolution without padding, a norm. */
const unit = (x: string, weight: string, y: string, layer: Layer): OnnxNode[] => [
  node('Pad', `${y}.padded`, [x, 'border'], { mode: 'reflect' }),
  node('Conv', `${y}.conv`, [`${y}.padded`, weight], convAttributes({ ...layer, padding: 0 })),
  norm(`${y}.conv`, y),
];

const NODES: Record<Kind, (layer: Layer) => OnnxNode[]> = {
  conv: (layer) => [node('Conv', 'y', ['x', 'w'], convAttributes(layer))],
  transposed: (layer) => [
    node('ConvTranspose', 'y', ['x', 'w'], {
      ...convAttributes(layer),
      output_padding: square(layer.outputPadding ?? 0),
    }),
  ],
  norm: () => [norm('x', 'y')],
  block: (layer) => [
    ...unit('x', 'w', 'a', layer),
    node('Relu', 'b', ['a']),
    ...unit('b', 'v', 'c', layer),
    node('Add', 'y', ['x', 'c']),
  ],
};

const BORDER: TensorToWrite = {
  name: 'border',
  dtype: 'I64',
  shape: [8],
  data: BigInt64Array.of(0n, 0n, 1n, 1n, 0n, 0n, 1n, 1n),
};

const f32 = (name: string, { shape, data }: Values): TensorToWrite => ({ name, dtype: 'F32', shape: [...shape], data });

/** Those that no node uses are left out: runtimes warn of them. */
function constants({ x }: Layer, { w, v }: Operands, nodes: readonly OnnxNode[]): TensorToWrite[] {
  const channels = x[1]!;
  const all = [
    f32('w', w),
    f32('v', v),
    f32('ones', { shape: [channels], data: new Float32Array(channels).fill(1) }),
    f32('zeros', { shape: [channels], data: new Float32Array(channels) }),
    BORDER,
  ];
  return all.filter(({ name }) => nodes.some(({ inputs }) => inputs.includes(name)));
}

export function modelOf(layer: Case, operands: Operands): OnnxModel {
  const nodes = NODES[layer.kind](layer);
  return {
    name: 'layer',
    doc: layer.name,
    metadata: {},
    nodes,
    tensors: constants(layer, operands, nodes),
    inputs: [{ name: 'x', shape: layer.x, doc: '' }],
    outputs: [{ name: 'y', shape: outputShape(layer), doc: '' }],
  };
}

export const generatorModel = ({ nets, weights, x }: GeneratorCase): OnnxModel => ({
  name: 'generator',
  doc: '',
  metadata: {},
  ...onnxGraph(nets.generator, (name) => weights.get(name)!.data),
  inputs: [{ name: INPUT, shape: x.shape, doc: '' }],
  outputs: [{ name: OUTPUT, shape: [1, nets.generator.outputNc, ...x.shape.slice(2)], doc: '' }],
});

/** The file of a model. */
export async function modelBytes(model: OnnxModel): Promise<Uint8Array> {
  const parts: BlobPart[] = [];
  for await (const part of onnxParts(model)) parts.push(part as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
