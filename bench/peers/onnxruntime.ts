// onnxruntime-node with its WebGPU or CPU provider. It has no gradients, and Node's binding takes and gives tensors of the host
// alone: its times hold the copies of input and output.

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type OnnxModel, onnxParts } from '../../src/formats/onnx.js';
import type { Case } from '../cases.js';
import type { Engine, Prepared } from '../engine.js';
import type { Operands } from '../operands.js';
import { load, versionOf } from './load.js';
import { modelOf } from './onnx-layers.js';

export type Provider = 'webgpu' | 'cpu';

const bytesOf = async (model: OnnxModel): Promise<Uint8Array> => buffer(Readable.from(onnxParts(model)));

/** Threads that spin between runs would take the processor from the next engine. */
const QUIET = { session: { intra_op: { allow_spinning: '0' } } };

/** A model with one input and one output, ready to run. */
export async function session(provider: Provider, model: OnnxModel) {
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

export const onnxruntime = (provider: Provider): Engine => ({
  name: provider === 'cpu' ? 'ort-cpu' : 'ort-webgpu',
  version: versionOf('onnxruntime-node'),
  async prepare(layer: Case, operands: Operands): Promise<Prepared | undefined> {
    if (layer.role !== 'forward') return undefined;
    const { run, close } = await session(provider, modelOf(layer, operands));
    const result = () => run(operands.x.data, layer.x);
    return { run: async () => void (await result()), result, close };
  },
});
