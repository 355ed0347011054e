// onnxruntime-node with its WebGPU or CPU provider. It has no gradients, and Node's binding takes and gives tensors of the host
// alone: its times hold the copies of input and output.

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type OnnxModel, onnxParts } from '../../src/formats/onnx.js';
import { INPUT, OUTPUT, onnxGraph } from '../../src/nets/onnx-graph.js';
import type { Case } from '../cases.js';
import type { Engine, GeneratorCase, Prepared } from '../engine.js';
import type { Operands, Values } from '../operands.js';
import { load, versionOf } from './load.js';
import { modelOf } from './onnx-layers.js';

type Provider = 'webgpu' | 'cpu';

const bytesOf = async (model: OnnxModel): Promise<Uint8Array> => buffer(Readable.from(onnxParts(model)));

/** Threads that spin between runs would take the processor from the next engine. */
const QUIET = { session: { intra_op: { allow_spinning: '0' } } };

/** A model with one input and one output, ready to run. */
async function session(provider: Provider, model: OnnxModel) {
  const ort = load('onnxruntime-node');
  const options = { executionProviders: [provider], extra: QUIET, logSeverityLevel: 3 };
  const opened = await ort.InferenceSession.create(await bytesOf(model), options);
  const [input] = opened.inputNames;
  const [output] = opened.outputNames;
  return {
    run: async (data: Float32Array, shape: readonly number[]): Promise<Float32Array> =>
      (await opened.run({ [input]: new ort.Tensor('float32', data, shape) }))[output].data,
    close: () => void opened.release(),
  };
}

/** A model on the same x in every run. */
async function preparedOf(provider: Provider, model: OnnxModel, x: Values): Promise<Prepared> {
  const { run, close } = await session(provider, model);
  const result = () => run(x.data, x.shape);
  return { run: async () => void (await result()), result, close };
}

const generatorModel = ({ nets, weights, x }: GeneratorCase): OnnxModel => ({
  name: 'generator',
  doc: '',
  metadata: {},
  ...onnxGraph(nets.generator, (name) => weights.get(name)!.data),
  inputs: [{ name: INPUT, shape: x.shape, doc: '' }],
  outputs: [{ name: OUTPUT, shape: [1, nets.generator.outputNc, ...x.shape.slice(2)], doc: '' }],
});

export const onnxruntime = (provider: Provider): Engine => ({
  name: `ort-${provider}`,
  version: versionOf('onnxruntime-node'),
  prepare: async (layer: Case, operands: Operands) =>
    layer.role === 'forward' ? preparedOf(provider, modelOf(layer, operands), operands.x) : undefined,
  generator: (given) => preparedOf(provider, generatorModel(given), given.x),
});
