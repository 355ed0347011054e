// A small net that names the class of every pixel, trained on real pairs: it judges whether generated pictures show what they were painted
// from, as the paper does with a net of its own (CVPR 2018, section 4.1).

import { fitPlanes, paddedSize } from '../data/pad.js';
import type { Size } from '../data/resample.js';
import { createRng, uniform } from '../data/rng.js';
import { toPlanes } from '../data/values.js';
import type { Device } from '../device/device.js';
import {
  add,
  argmax,
  avgPool2d,
  concat,
  conv2d,
  createArena,
  grad,
  input,
  log,
  mean,
  type ProgramSpec,
  relu,
  scale,
  softmaxCrossEntropy,
  square,
  sub,
  type Tensor,
  upsampleNearest2d,
} from '../engine.js';
import { sizedPrograms } from '../graph/sizes.js';
import { createVariables, type Lookup, lookup, type Net, type Parameter } from '../nets/parameters.js';
import { adamScalars, adamUpdates, newMoments, type Trainee, trainedTensors } from '../train/adam.js';
import { destroyTrainee } from '../train/trainees.js';

const RATES = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const FILTERS = 16;

/** Inputs, outputs and side of the kernels of its convolutions, in their order. */
const LAYERS = (classes: number): [name: string, inputs: number, outputs: number, side: number][] => [
  ['fine', 4, FILTERS, 3],
  ['down', FILTERS, 2 * FILTERS, 3],
  ['wide', 2 * FILTERS, 2 * FILTERS, 3],
  ['wider', 2 * FILTERS, 2 * FILTERS, 3],
  ['join', 3 * FILTERS, FILTERS, 3],
  ['name', FILTERS, classes, 1],
];

const smooth = (x: Tensor): Tensor => avgPool2d(x, { kernel: 3, stride: 1, padding: 1, countIncludePad: false });

/** The square of two levels of 255: fainter differences nobody sees, and JPEG makes them. */
const LEAST = (4 / 255) ** 2;

/** How much a pixel's surroundings differ from their own mean: log of the local variance of its brightness, about −1…1. [N, 3, H, W] → [N, 1, H, W] */
function grain(x: Tensor): Tensor {
  const grey = mean(x, [1], true);
  const variance = smooth(square(sub(grey, smooth(grey))));
  return add(scale(log(add(variance, LEAST)), 0.4), 2.4);
}

/** No norm: the level of a colour tells classes apart. x [N, 3, H, W] with even sides → logits [N, classes, H, W]. */
function segmentationNet(classes: number): Net<Tensor> {
  const parameters = LAYERS(classes).flatMap(([name, inputs, outputs, side]): Parameter[] => {
    const fanIn = inputs * side * side;
    return [
      { name: `${name}.weight`, shape: [outputs, inputs, side, side], role: 'weight', fanIn, trained: true },
      { name: `${name}.bias`, shape: [outputs], role: 'bias', fanIn, trained: true },
    ];
  });
  return {
    parameters,
    forward(x, params: Lookup) {
      const conv = (name: string, of: Tensor, options: { padding?: number; stride?: number; dilation?: number }) =>
        conv2d(of, params(`${name}.weight`), params(`${name}.bias`), options);
      const fine = relu(conv('fine', concat([x, grain(x)], 1), { padding: 1 }));
      const down = relu(conv('down', fine, { padding: 1, stride: 2 }));
      const wide = relu(conv('wide', down, { padding: 2, dilation: 2 }));
      const wider = relu(conv('wider', wide, { padding: 4, dilation: 4 }));
      const joined = concat([upsampleNearest2d(wider, 2), fine], 1);
      return conv('name', relu(conv('join', joined, { padding: 1 })), {});
    },
  };
}

/** He's: variance 2/fan-in, which ReLUs keep from layer to layer; biases are zero. */
function firstValues({ shape, role, fanIn }: Parameter, index: number, seed: number): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b));
  if (role === 'bias') return values;
  const rng = createRng(seed, index);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform(rng))) * Math.cos(2 * Math.PI * uniform(rng));
  return values.map(() => normal() * Math.sqrt(2 / fanIn));
}

/** A photo with what is on it: 8-bit RGB, interleaved, and ids [H, W]. */
export interface Pair {
  size: Size;
  image: Uint8Array;
  labels: Int32Array;
}

export interface Segmenter {
  /** One step of Adam on a pair. @returns the loss before it */
  learn(pair: Pair, rate: number): Promise<number>;
  /** The class of every pixel, ids [H, W]. */
  see(image: Uint8Array, size: Size): Promise<Int32Array>;
  close(): void;
}

type Extent = readonly [height: number, width: number];

function learning(trainee: Trainee<Tensor>, [h, w]: Extent): ProgramSpec {
  const image = input([1, 3, h, w]);
  const labels = input([1, 1, h, w], 'i32');
  const scalars = { lr: input([]), correction1: input([]), correction2: input([]) };
  const loss = softmaxCrossEntropy(trainee.net.forward(image, lookup(trainee.variables)), labels);
  const updates = adamUpdates(trainee, grad(loss, trainedTensors(trainee)), scalars, RATES);
  return { inputs: { image, labels, ...scalars }, outputs: { loss }, updates };
}

function seeing({ net, variables }: Trainee<Tensor>, [h, w]: Extent): ProgramSpec {
  const image = input([1, 3, h, w]);
  return { inputs: { image }, outputs: { seen: argmax(net.forward(image, lookup(variables)), 1) } };
}

function newTrainee(classes: number, seed: number): Trainee<Tensor> {
  const net = segmentationNet(classes);
  const variables = createVariables(net.parameters, (parameter, index) => firstValues(parameter, index, seed));
  return { net, variables, moments: newMoments(net) };
}

const extentOf = ({ width, height }: Size): Extent => [height, width];

/** The programs of a net that learns from pictures of one size and sees some of another, and its optimiser's variables. */
export function segmenterPrograms(classes: number, learned: Size, seen: Size) {
  const trainee = newTrainee(classes, 0);
  const specs = [learning(trainee, extentOf(evenSize(learned))), seeing(trainee, extentOf(evenSize(seen)))];
  return { specs, optimizer: new Set(Object.values(trainee.moments).flatMap(({ m, v }) => [m, v])) };
}

const evenSize = (size: Size): Size => paddedSize(size, 2);

export function createSegmenter(device: Device, classes: number, seed: number): Segmenter {
  const trainee = newTrainee(classes, seed);
  const arena = createArena(device);
  const learners = sizedPrograms(device, arena, (extent: Extent) => learning(trainee, extent));
  const seers = sizedPrograms(device, arena, (extent: Extent) => seeing(trainee, extent));
  const planes = (image: Uint8Array, size: Size) => fitPlanes(toPlanes(image), size, evenSize(size));
  let step = 0;
  return {
    async learn({ size, image, labels }, rate) {
      const { width, height } = evenSize(size);
      const feeds = { image: planes(image, size), labels: fitPlanes(labels, size, { width, height }) };
      const program = await learners.of([height, width]);
      const { loss } = await program.run({ ...feeds, ...adamScalars(++step, rate, RATES) });
      return loss![0]!;
    },
    async see(image, size) {
      const { width, height } = evenSize(size);
      const program = await seers.of([height, width]);
      const { seen } = await program.run({ image: planes(image, size) });
      return fitPlanes(seen as Int32Array, { width, height }, size);
    },
    close() {
      learners.destroy();
      seers.destroy();
      arena.destroy();
      destroyTrainee(device, trainee);
    },
  };
}
