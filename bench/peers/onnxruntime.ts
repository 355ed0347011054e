// onnxruntime-node with its WebGPU or CPU provider. It has no gradients, and Node's binding takes and gives tensors of the host
// alone: its times hold the copies of input and output.

import { load, versionOf } from '#peers';
import type { OnnxModel } from '../../src/formats/onnx.js';
import type { Case } from '../cases.js';
import type { Engine, Prepared } from '../engine.js';
import type { Operands, Values } from '../operands.js';
import { generatorModel, modelBytes, modelOf } from './onnx-layers.js';

type Provider = 'webgpu' | 'cpu';

/** Threads that spin between runs would take the processor from the next engine. */
const QUIET = { session: { intra_op: { allow_spinning: '0' } } };

/** A model with one input and one output, ready to run. */
async function session(provider: Provider, model: OnnxModel) {
  const ort = load('onnxruntime-node');
  const options = { executionProviders: [provider], extra: QUIET, logSeverityLevel: 3 };
  const opened = await ort.InferenceSession.create(await modelBytes(model), options);
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

export const onnxruntime = (provider: Provider): Engine => ({
  name: `ort-${provider}`,
  version: versionOf('onnxruntime-node'),
  prepare: async (layer: Case, operands: Operands) =>
    layer.role === 'forward' ? preparedOf(provider, modelOf(layer, operands), operands.x) : undefined,
  generator: (given) => preparedOf(provider, generatorModel(given), given.x),
});
