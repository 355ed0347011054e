// pix2pixHD's nets and its training step in TensorFlow.js, from the same description as ours. The generator is walked as it is for the
// engine and for ONNX; losses judge both nets as they are before the step.

import type { Size } from '../../src/data/resample.js';
import { generatorPyramid } from '../../src/nets/architecture.js';
import type { Activation, Layer } from '../../src/nets/layer.js';
import { LEAK } from '../../src/nets/layer.js';
import type { Backend } from '../../src/nets/walk.js';
import { walkPyramid } from '../../src/nets/walk.js';
import type { Nets } from '../../src/train/nets.js';
import type { StepCase } from '../engine.js';
import { permuted } from '../operands.js';
import { CLASSES, edgesOf, type Picture, RATE, type Weights } from '../step.js';
import { HWIO, instanceNormOfParts, NHWC } from './tfjs-core.js';

/** Variables by their names in a state dict. */
export type Variables = Record<string, any>;

export function variablesOf(tf: any, weights: Weights): Variables {
  const made = [...weights].map(([name, values]) => {
    const { shape, data } = values.shape.length === 4 ? permuted(values, HWIO) : values;
    return [name, tf.variable(tf.tensor(data, [...shape]), true)];
  });
  return Object.fromEntries(made);
}

const ACTIVATIONS: Record<Activation, (tf: any, x: any) => any> = {
  relu: (tf, x) => tf.relu(x),
  leakyRelu: (tf, x) => tf.leakyRelu(x, LEAK),
  tanh: (tf, x) => tf.tanh(x),
};

/** Its gradient of a mirrored border is that of zeros: a little less work than ours, and wrong by as much. */
const mirrored = (tf: any, x: any, p: number): any => tf.mirrorPad(x, [[0, 0], [p, p], [p, p], [0, 0]], 'reflect'); // biome-ignore format: short

function convolution(tf: any, x: any, layer: Layer, variables: Variables): any {
  const { name, stride = 1, padding, reflect, transposed, outputs, norm } = layer;
  const weight = variables[`${name}.weight`];
  const [n, h, w] = x.shape;
  const y = transposed
    ? tf.conv2dTranspose(x, weight, [n, h * stride, w * stride, outputs], stride, padding, 'floor')
    : tf.conv2d(reflect ? mirrored(tf, x, padding) : x, weight, stride, reflect ? 0 : padding);
  return norm ? y : y.add(variables[`${name}.bias`]);
}

function layerOf(tf: any, x: any, layer: Layer, variables: Variables): any {
  const y = convolution(tf, x, layer, variables);
  const normalised = layer.norm ? instanceNormOfParts(tf, y) : y;
  return layer.activation ? ACTIVATIONS[layer.activation](tf, normalised) : normalised;
}

const halve = (tf: any, x: any): any => tf.avgPool(x, 3, 2, 1);

const backendOf = (tf: any, variables: Variables): Backend<any> => ({
  layer: (x, layer) => layerOf(tf, x, layer, variables),
  add: (a, b) => a.add(b),
  halve: (x) => halve(tf, x),
});

export const paint = (tf: any, { generator }: Nets, variables: Variables, x: any): any =>
  walkPyramid(x, generatorPyramid(generator), backendOf(tf, variables));

/** Layer `j` of a scale's PatchGAN. */
const patchLayer = (scale: number, j: number, nLayers: number): Layer => ({
  name: `scale${scale}_layer${j}.0`,
  inputs: 0,
  outputs: 0,
  kernel: 4,
  stride: j < nLayers ? 2 : 1,
  padding: 2,
  norm: j > 0 && j <= nLayers ? 'instance' : undefined,
  activation: j <= nLayers ? 'leakyRelu' : undefined,
});

/** Maps by scale, finest first. */
function judge(tf: any, { discriminator }: Nets, variables: Variables, pair: any): any[][] {
  const { numD, nLayers } = discriminator;
  let level = pair;
  return Array.from({ length: numD }, (_, i) => {
    if (i > 0) level = halve(tf, level);
    let x = level;
    return Array.from({ length: nLayers + 2 }, (_, j) => {
      x = layerOf(tf, x, patchLayer(numD - 1 - i, j, nLayers), variables);
      return x;
    });
  });
}

const total = (terms: readonly any[]): any => terms.reduce((sum, term) => sum.add(term));
const score = (maps: any[][], wish: number): any => total(maps.map((scale) => scale.at(-1).sub(wish).square().mean()));

function matching(fake: any[][], real: any[][]): any {
  const inner = fake[0]!.length - 1;
  const terms = fake.flatMap((maps, i) => maps.slice(0, inner).map((map, j) => map.sub(real[i]![j]).abs().mean()));
  return total(terms).mul((10 * 4) / (inner * fake.length));
}

/** The conditioning, [1, H, W, 36]. */
export function conditionOf(tf: any, { labels, instances }: Picture, size: Size): any {
  const shape = [1, size.height, size.width];
  const edges = tf.tensor(edgesOf(instances, size), [...shape, 1]);
  return tf.concat([tf.oneHot(tf.tensor(labels, shape, 'int32'), CLASSES).toFloat(), edges], 3);
}

export interface TfStep {
  /** G_GAN, G_GAN_Feat, D_real, D_fake, as tensors. */
  step(): any[];
  close(): void;
}

/** G's forward pass once, D's on the fake and on the real picture for each of the two gradients, Adam for both. */
export function tfStep(tf: any, { nets, weights, picture, size }: StepCase): TfStep {
  const [G, D] = [variablesOf(tf, weights.G), variablesOf(tf, weights.D)];
  const condition = conditionOf(tf, picture, size);
  const values = { shape: [1, 3, size.height, size.width], data: picture.image };
  const real = tf.tensor(permuted(values, NHWC).data, [1, size.height, size.width, 3]);
  const adams = [tf.train.adam(RATE, 0.5, 0.999, 1e-8), tf.train.adam(RATE, 0.5, 0.999, 1e-8)];
  const trained = (net: { parameters: readonly { name: string; trained: boolean }[] }, all: Variables): any[] =>
    net.parameters.filter(({ trained }) => trained).map(({ name }) => all[name]);
  const see = (of: any) => judge(tf, nets, D, tf.concat([condition, of], 3));

  function step(): any[] {
    let fake: any;
    let ofG: any[] = [];
    let ofD: any[] = [];
    const gradientsG = tf.variableGrads(
      () => {
        fake = tf.keep(paint(tf, nets, G, condition));
        const maps = see(fake);
        ofG = [score(maps, 1), matching(maps, see(real))].map(tf.keep);
        return total(ofG);
      },
      trained(nets.G, G),
    );
    const gradientsD = tf.variableGrads(
      () => {
        ofD = [score(see(real), 1), score(see(fake), 0)].map(tf.keep);
        return total(ofD).mul(0.5);
      },
      trained(nets.D, D),
    );
    adams[0].applyGradients(gradientsG.grads);
    adams[1].applyGradients(gradientsD.grads);
    const losses = [...ofG, ...ofD].map((loss) => loss.clone());
    tf.dispose([fake, ...ofG, ...ofD]);
    return losses;
  }
  const close = () => tf.dispose([...Object.values(G), ...Object.values(D), condition, real]);
  return { step, close };
}
