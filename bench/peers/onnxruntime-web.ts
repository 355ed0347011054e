// onnxruntime-web with its WebGPU or wasm provider. On WebGPU input and output stay on its device, as its documentation
// advises, so nothing is copied.

import { load, versionOf } from '#peers';
import type { OnnxModel } from '../../src/formats/onnx.js';
import type { Engine, Prepared } from '../engine.js';
import type { Values } from '../operands.js';
import { generatorModel, modelBytes, modelOf } from './onnx-layers.js';

type Provider = 'webgpu' | 'wasm';

const STORAGE = 0x80 | 0x04 | 0x08;

/** x as a tensor on onnxruntime's device, and how to wait for that. */
async function onDevice(ort: any, { shape, data }: Values) {
  const device: GPUDevice = await ort.env.webgpu.device;
  const buffer = device.createBuffer({ size: 16 * Math.ceil(data.byteLength / 16), usage: STORAGE });
  device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  const x = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [...shape] });
  return { x, finished: () => device.queue.onSubmittedWorkDone(), close: () => buffer.destroy() };
}

const onHost = (ort: any, { shape, data }: Values) => ({
  x: new ort.Tensor('float32', data, [...shape]),
  finished: async () => {},
  close: () => {},
});

async function preparedOf(provider: Provider, model: OnnxModel, values: Values): Promise<Prepared> {
  const ort = load('onnxruntime-web');
  const location = provider === 'webgpu' ? { preferredOutputLocation: 'gpu-buffer' } : {};
  const options = { executionProviders: [provider], logSeverityLevel: 3, ...location };
  const session = await ort.InferenceSession.create(await modelBytes(model), options);
  const { x, finished, close } = await (provider === 'webgpu' ? onDevice : onHost)(ort, values);
  const once = async () => (await session.run({ [session.inputNames[0]]: x }))[session.outputNames[0]];
  return {
    async run() {
      const y = await once();
      await finished();
      y.dispose();
    },
    async result() {
      const y = await once();
      const data = (await y.getData()) as Float32Array;
      const copy = data.slice();
      y.dispose();
      return copy;
    },
    close() {
      close();
      session.release();
    },
  };
}

export const onnxruntimeWeb = (provider: Provider): Engine => ({
  name: `ort-${provider}`,
  version: versionOf('onnxruntime-web'),
  prepare: async (layer, operands) =>
    layer.role === 'forward' ? preparedOf(provider, modelOf(layer, operands), operands.x) : undefined,
  generator: (given) => preparedOf(provider, generatorModel(given), given.x),
});
