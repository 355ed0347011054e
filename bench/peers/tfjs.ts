// TensorFlow.js on its WebGPU backend, in its own layout NHWC. Gradients of a convolution are its kernels alone; `tf.grad` would
// add the forward pass.

import { type Case, type Kind, type Layer, outputShape, type Role, resultShape, type Shape } from '../cases.js';
import type { Engine, Prepared } from '../engine.js';
import { type Operands, permuted, type Values } from '../operands.js';
import { load, versionOf } from './load.js';

const NHWC = [0, 2, 3, 1];
const NCHW = [0, 3, 1, 2];
/** A convolution's weight [O, I, h, w] as [h, w, I, O], and back. */
const HWIO = [2, 3, 1, 0];
const OIHW = [3, 2, 0, 1];

const EPS = 1e-5;
const inOrder = (shape: Shape, order: readonly number[]): number[] => order.map((d) => shape[d]!);

interface Tensors {
  x: any;
  w: any;
  v: any;
  dy: any;
}
type Make = (tf: any, t: Tensors, layer: Layer) => any;

const attributes = ({ stride = 1, padding = 0 }: Layer) => ({
  strides: [stride, stride],
  pad: padding,
  dataFormat: 'NHWC',
  dilations: [1, 1],
  dimRoundingMode: 'floor',
});

const convolve = (tf: any, x: any, filter: any, layer: Layer) =>
  tf.engine().runKernel('Conv2D', { x, filter }, attributes(layer));
const adjoint = (tf: any, dy: any, filter: any, layer: Layer, shape: Shape) =>
  tf
    .engine()
    .runKernel(
      'Conv2DBackpropInput',
      { dy, filter },
      { ...attributes(layer), inputShape: inOrder(shape, NHWC), dilations: undefined },
    );
const ofFilter = (tf: any, x: any, dy: any, layer: Layer) =>
  tf
    .engine()
    .runKernel(
      'Conv2DBackpropFilter',
      { x, dy },
      { ...attributes(layer), filterShape: inOrder(layer.w!, HWIO), dilations: undefined },
    );

/** With batch norm's kernel, the fastest that it has. */
export function instanceNorm(tf: any, x: any): any {
  const { mean, variance } = tf.moments(x, [1, 2]);
  return tf.batchNorm(x, mean.flatten(), variance.flatten(), undefined, undefined, EPS);
}

/** Of differentiable parts: faster backward than batch norm's gradient. */
export function instanceNormOfParts(tf: any, x: any): any {
  const { mean, variance } = tf.moments(x, [1, 2], true);
  return x.sub(mean).mul(variance.add(EPS).rsqrt());
}

const padded = (tf: any, x: any) =>
  tf.mirrorPad(
    x,
    [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
    'reflect',
  );

function block(tf: any, { x, w, v }: Tensors): any {
  const inner = tf.relu(instanceNorm(tf, tf.conv2d(padded(tf, x), w, 1, 'valid')));
  return x.add(instanceNorm(tf, tf.conv2d(padded(tf, inner), v, 1, 'valid')));
}

/** A transposed convolution is the data gradient of the convolution with the same weight, so its roles are that one's, exchanged. */
const MAKE: Partial<Record<`${Kind}.${Role}`, Make>> = {
  'conv.forward': (tf, { x, w }, layer) => convolve(tf, x, w, layer),
  'conv.data': (tf, { dy, w }, layer) => adjoint(tf, dy, w, layer, layer.x),
  'conv.weight': (tf, { x, dy }, layer) => ofFilter(tf, x, dy, layer),
  'transposed.forward': (tf, { x, w }, layer) => adjoint(tf, x, w, layer, outputShape(layer)),
  'transposed.data': (tf, { dy, w }, layer) => convolve(tf, dy, w, layer),
  'transposed.weight': (tf, { x, dy }, layer) => ofFilter(tf, dy, x, layer),
  'norm.forward': (tf, { x }) => instanceNorm(tf, x),
  'norm.both': (tf, { x, dy }) => tf.grad((of: any) => instanceNormOfParts(tf, of))(x, dy),
  'block.forward': block,
};

/** Ends what is recorded, without reading anything back; without the first call Dawn would reject the work. */
export async function finished(backend: any): Promise<void> {
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  await backend.queue.onSubmittedWorkDone();
}

export async function openTf(): Promise<any> {
  const tf = load('@tensorflow/tfjs');
  load('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  await tf.ready();
  return tf;
}

export async function tfjs(): Promise<Engine> {
  const tf = await openTf();
  const backend = tf.backend();
  const tensorOf = (values: Values, order: readonly number[]) => {
    if (values.data.length === 0) return undefined;
    const { shape, data } = permuted(values, order);
    return tf.tensor(data, shape);
  };

  async function prepare(layer: Case, { x, w, v, dy }: Operands): Promise<Prepared | undefined> {
    const make = MAKE[`${layer.kind}.${layer.role}`];
    if (!make) return undefined;
    const t = { x: tensorOf(x, NHWC), w: tensorOf(w, HWIO), v: tensorOf(v, HWIO), dy: tensorOf(dy, NHWC) };
    const once = () => tf.tidy(() => make(tf, t, layer));
    const [to, back] = layer.role === 'weight' ? [HWIO, OIHW] : [NHWC, NCHW];
    return {
      async run() {
        const y = once();
        await finished(backend);
        y.dispose();
      },
      async result() {
        const y = once();
        const data = (await y.data()) as Float32Array;
        y.dispose();
        return permuted({ shape: inOrder(resultShape(layer), to), data }, back).data;
      },
      close: () => tf.dispose(Object.values(t).filter(Boolean)),
    };
  }
  return { name: 'tfjs', version: versionOf('@tensorflow/tfjs'), prepare };
}
