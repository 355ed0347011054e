import { avgPool2d, concat, conv2d, maxPool2d, mean, relu, type Tensor } from '../engine.js';
import type { Lookup, Parameter } from './parameters.js';

type Pair = readonly [height: number, width: number];

/** A convolution with a batch norm and a ReLU. */
interface Conv {
  conv: string;
  outputs: number;
  kernel: Pair;
  stride: number;
  padding: Pair;
}

/** Averages count no cells of the padding. */
interface Pool {
  pool: 'max' | 'average';
  stride: number;
  padding: number;
}

/** Convolutions of the same input, side by side. */
interface Fork {
  fork: readonly Conv[];
}

type Step = Conv | Pool | Fork;

interface Block {
  name: string;
  /** Side by side, their results one behind the other. */
  branches: readonly (readonly Step[])[];
}

/** Keeps the size. */
function same(conv: string, outputs: number, height: number, width = height): Conv {
  return { conv, outputs, kernel: [height, width], stride: 1, padding: [(height - 1) / 2, (width - 1) / 2] };
}

/** Without a border. */
const valid = (conv: string, outputs: number, side: number, stride: number): Conv => ({
  conv,
  outputs,
  kernel: [side, side],
  stride,
  padding: [0, 0],
});

const HALVED: Pool = { pool: 'max', stride: 2, padding: 0 };
const AVERAGED: Pool = { pool: 'average', stride: 1, padding: 1 };
const LARGEST: Pool = { pool: 'max', stride: 1, padding: 1 };

const STEM: readonly Step[] = [
  valid('Conv2d_1a_3x3', 32, 3, 2),
  valid('Conv2d_2a_3x3', 32, 3, 1),
  same('Conv2d_2b_3x3', 64, 3),
  HALVED,
  valid('Conv2d_3b_1x1', 80, 1, 1),
  valid('Conv2d_4a_3x3', 192, 3, 1),
  HALVED,
];

const blockA = (name: string, pooled: number): Block => ({
  name,
  branches: [
    [same('branch1x1', 64, 1)],
    [same('branch5x5_1', 48, 1), same('branch5x5_2', 64, 5)],
    [same('branch3x3dbl_1', 64, 1), same('branch3x3dbl_2', 96, 3), same('branch3x3dbl_3', 96, 3)],
    [AVERAGED, same('branch_pool', pooled, 1)],
  ],
});

const blockB = (name: string): Block => ({
  name,
  branches: [
    [valid('branch3x3', 384, 3, 2)],
    [same('branch3x3dbl_1', 64, 1), same('branch3x3dbl_2', 96, 3), valid('branch3x3dbl_3', 96, 3, 2)],
    [HALVED],
  ],
});

const blockC = (name: string, inner: number): Block => ({
  name,
  branches: [
    [same('branch1x1', 192, 1)],
    [same('branch7x7_1', inner, 1), same('branch7x7_2', inner, 1, 7), same('branch7x7_3', 192, 7, 1)],
    [
      same('branch7x7dbl_1', inner, 1),
      same('branch7x7dbl_2', inner, 7, 1),
      same('branch7x7dbl_3', inner, 1, 7),
      same('branch7x7dbl_4', inner, 7, 1),
      same('branch7x7dbl_5', 192, 1, 7),
    ],
    [AVERAGED, same('branch_pool', 192, 1)],
  ],
});

const blockD = (name: string): Block => ({
  name,
  branches: [
    [same('branch3x3_1', 192, 1), valid('branch3x3_2', 320, 3, 2)],
    [
      same('branch7x7x3_1', 192, 1),
      same('branch7x7x3_2', 192, 1, 7),
      same('branch7x7x3_3', 192, 7, 1),
      valid('branch7x7x3_4', 192, 3, 2),
    ],
    [HALVED],
  ],
});

const forked = (name: string): Fork => ({ fork: [same(`${name}a`, 384, 1, 3), same(`${name}b`, 384, 3, 1)] });

const blockE = (name: string, pool: Pool): Block => ({
  name,
  branches: [
    [same('branch1x1', 320, 1)],
    [same('branch3x3_1', 384, 1), forked('branch3x3_2')],
    [same('branch3x3dbl_1', 448, 1), same('branch3x3dbl_2', 384, 3), forked('branch3x3dbl_3')],
    [pool, same('branch_pool', 192, 1)],
  ],
});

/** The last pool takes the largest, not the average: so it is in the net that FID is defined by. */
const BLOCKS: readonly Block[] = [
  { name: '', branches: [STEM] },
  blockA('Mixed_5b', 32),
  blockA('Mixed_5c', 64),
  blockA('Mixed_5d', 64),
  blockB('Mixed_6a'),
  blockC('Mixed_6b', 128),
  blockC('Mixed_6c', 160),
  blockC('Mixed_6d', 160),
  blockC('Mixed_6e', 192),
  blockD('Mixed_7a'),
  blockE('Mixed_7b', AVERAGED),
  blockE('Mixed_7c', LARGEST),
];

/** The smallest side of a picture that leaves something for the last block. */
export const INCEPTION_LEAST = 75;

/** Numbers that make a picture's features. */
export const INCEPTION_FEATURES = 2048;

/** A convolution in the net, by its place. */
export interface InceptionLayer {
  name: string;
  inputs: number;
  outputs: number;
  kernel: Pair;
}

/** Layers of steps in their order, and the channels behind them. */
function layersOf(
  steps: readonly Step[],
  prefix: string,
  inputs: number,
): { layers: InceptionLayer[]; outputs: number } {
  const layers: InceptionLayer[] = [];
  let channels = inputs;
  for (const step of steps) {
    if ('pool' in step) continue;
    const convs = 'fork' in step ? step.fork : [step];
    for (const { conv, outputs, kernel } of convs)
      layers.push({ name: prefix + conv, inputs: channels, outputs, kernel });
    channels = convs.reduce((sum, { outputs }) => sum + outputs, 0);
  }
  return { layers, outputs: channels };
}

const prefixOf = ({ name }: Block): string => (name ? `${name}.` : '');

/** All convolutions, by torchvision's names of the modules that hold them and their batch norms. */
export function inceptionLayers(): InceptionLayer[] {
  let channels = 3;
  return BLOCKS.flatMap((block) => {
    const branches = block.branches.map((steps) => layersOf(steps, prefixOf(block), channels));
    channels = branches.reduce((sum, { outputs }) => sum + outputs, 0);
    return branches.flatMap(({ layers }) => layers);
  });
}

/** Weights and biases of the convolutions, with the batch norms in them. */
export const inceptionParameters = (): Parameter[] =>
  inceptionLayers().flatMap(({ name, inputs, outputs, kernel }): Parameter[] => {
    const fanIn = inputs * kernel[0] * kernel[1];
    return [
      { name: `${name}.weight`, shape: [outputs, inputs, ...kernel], role: 'weight', fanIn, trained: false },
      { name: `${name}.bias`, shape: [outputs], role: 'bias', fanIn, trained: false },
    ];
  });

function convolved(x: Tensor, { conv, stride, padding }: Conv, prefix: string, params: Lookup): Tensor {
  const name = prefix + conv;
  return relu(conv2d(x, params(`${name}.weight`), params(`${name}.bias`), { stride, padding }));
}

function pooled(x: Tensor, { pool, stride, padding }: Pool): Tensor {
  const options = { kernel: 3, stride, padding };
  return pool === 'max' ? maxPool2d(x, options) : avgPool2d(x, { ...options, countIncludePad: false });
}

function walk(x: Tensor, steps: readonly Step[], prefix: string, params: Lookup): Tensor {
  return steps.reduce((y, step) => {
    if ('pool' in step) return pooled(y, step);
    const convs = 'fork' in step ? step.fork : [step];
    const results = convs.map((conv) => convolved(y, conv, prefix, params));
    return results.length === 1 ? results[0]! : concat(results, 1);
  }, x);
}

/**
 * Inception-v3 (Szegedy et al., "Rethinking the Inception Architecture", 2016) up to its last pool, in the variant that FID is measured
 * with (pytorch-fid's port of the weights of 2015).
 * @param x [N, 3, H, W] in [−1, 1], sides at least 75; FID takes 299
 * @returns features [N, 2048]
 */
export function inceptionFeatures(x: Tensor, params: Lookup): Tensor {
  const last = BLOCKS.reduce((y, block) => {
    const branches = block.branches.map((steps) => walk(y, steps, prefixOf(block), params));
    return branches.length === 1 ? branches[0]! : concat(branches, 1);
  }, x);
  return mean(last, [2, 3]);
}
