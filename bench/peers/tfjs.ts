// TensorFlow.js on its WebGPU backend, in its own layout NHWC. Gradients of a convolution are its kernels alone; `tf.grad` would
// add the forward pass.

import { versionOf } from '#peers';
import { type Case, type Kind, type Layer, outputShape, type Role, resultShape, type Shape } from '../cases.js';
import type { Engine, GeneratorCase, Prepared, StepCase } from '../engine.js';
import { type Operands, permuted, type Values } from '../operands.js';
import { finished, HWIO, instanceNorm, instanceNormOfParts, NCHW, NHWC, OIHW, openTf } from './tfjs-core.js';
import { paint, tfStep, variablesOf } from './tfjs-nets.js';

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

/** A computation of one tensor, ready to run; `data` brings what was read back into torch's layout. */
function preparedOf(tf: any, make: () => any, data: (read: Float32Array) => Float32Array, close: () => void): Prepared {
  const once = () => tf.tidy(make);
  return {
    async run() {
      const y = once();
      await finished(tf);
      y.dispose();
    },
    async result() {
      const y = once();
      const read = (await y.data()) as Float32Array;
      y.dispose();
      return data(read);
    },
    close,
  };
}

const tensorOf = (tf: any, values: Values, order: readonly number[]): any => {
  if (values.data.length === 0) return undefined;
  const { shape, data } = permuted(values, order);
  return tf.tensor(data, shape);
};

function prepare(tf: any, layer: Case, { x, w, v, dy }: Operands): Prepared | undefined {
  const make = MAKE[`${layer.kind}.${layer.role}`];
  if (!make) return undefined;
  const t = {
    x: tensorOf(tf, x, NHWC),
    w: tensorOf(tf, w, HWIO),
    v: tensorOf(tf, v, HWIO),
    dy: tensorOf(tf, dy, NHWC),
  };
  const [to, back] = layer.role === 'weight' ? [HWIO, OIHW] : [NHWC, NCHW];
  const shape = inOrder(resultShape(layer), to);
  const close = () => tf.dispose(Object.values(t).filter(Boolean));
  return preparedOf(tf, () => make(tf, t, layer), (data) => permuted({ shape, data }, back).data, close); // biome-ignore format: one line
}

function generator(tf: any, { nets, weights, x }: GeneratorCase): Prepared {
  const [variables, input] = [variablesOf(tf, weights), tensorOf(tf, x, NHWC)];
  const [, , height, width] = x.shape as [number, number, number, number];
  const shape = [1, height, width, nets.generator.outputNc];
  const close = () => tf.dispose([...Object.values(variables), input]);
  return preparedOf(tf, () => paint(tf, nets, variables, input), (data) => permuted({ shape, data }, NCHW).data, close); // biome-ignore format: one line
}

function step(tf: any, given: StepCase): Prepared {
  const { step, close } = tfStep(tf, given);
  return preparedOf(tf, () => tf.stack(step()), (data) => data, close); // biome-ignore format: one line
}

export async function tfjs(): Promise<Engine> {
  const tf = await openTf();
  return {
    name: 'tfjs',
    version: versionOf('@tensorflow/tfjs'),
    prepare: async (layer, operands) => prepare(tf, layer, operands),
    generator: async (given) => generator(tf, given),
    step: async (given) => step(tf, given),
  };
}
