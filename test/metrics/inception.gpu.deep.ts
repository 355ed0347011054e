// Inception with weights of noise against torch's operations in float64, on the same weights and picture.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toPlanes } from '../../src/data/values.js';
import { compile, destroy, input } from '../../src/engine.js';
import { foldedTensor } from '../../src/nets/folded-norm.js';
import { inceptionFeatures, inceptionLayers, inceptionParameters } from '../../src/nets/inception.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import { openTestDevice } from '../support/device.js';
import { hashedNumbers, hashedPicture, hashedWeights } from '../support/hashed.js';

const test = suite('Inception');

const LAYERS = inceptionLayers();

/** Ranges of a batch norm's tensors, in the order of their streams behind the convolution's. */
const NORM = { weight: [0.5, 1.5], bias: [-0.1, 0.1], running_mean: [-0.1, 0.1], running_var: [0.5, 1.5] } as const;

/** A file with noise for every tensor. */
const FILE = {
  read(name: string) {
    const place = LAYERS.findIndex((layer) => name.startsWith(`${layer.name}.`));
    const { inputs, outputs, kernel } = LAYERS[place]!;
    const part = Object.keys(NORM).findIndex((each) => name.endsWith(`.bn.${each}`));
    if (part >= 0) return hashedNumbers(outputs, 5 * place + 1 + part, ...Object.values(NORM)[part]!);
    const shape = [outputs, inputs, ...kernel];
    return hashedWeights({ name, shape, role: 'weight', fanIn: 0, trained: false }, 5 * place);
  },
};

/** conv2d, batch_norm, relu, pools and cat in torch 1.13, float64, by torchvision's modules with pytorch-fid's pools. */
const WANTED = {
  mean: 0.9304519651376608,
  length: 79.36683642976627,
  some: {
    0: 0,
    319: 1.7963269732948972,
    320: 1.7046526517948521,
    900: 1.5820505532170057,
    1500: 0.7749758892639291,
    2047: 0,
  },
};

const near = (got: number, want: number) =>
  assert.ok(Math.abs(got - want) <= 1e-4 * (1 + want), `${got} is not ${want}`);

test("the features are torch's", async () => {
  const device = await openTestDevice();
  const variables = createVariables(
    inceptionParameters(),
    ({ name }) =>
      () =>
        foldedTensor(FILE, name),
  );
  const [width, height] = [107, 91];
  const x = input([1, 3, height, width]);
  const outputs = { features: inceptionFeatures(x, lookup(variables)) };
  const program = await compile(device, { inputs: { x }, outputs });
  const features = (await program.run({ x: toPlanes(hashedPicture(width * height, 100)) })).features as Float32Array;
  assert.is(features.length, 2048);
  near(features.reduce((a, b) => a + b, 0) / 2048, WANTED.mean);
  near(Math.sqrt(features.reduce((a, b) => a + b * b, 0)), WANTED.length);
  for (const [place, want] of Object.entries(WANTED.some)) near(features[Number(place)]!, want);
  program.destroy();
  for (const variable of Object.values(variables)) destroy(device, variable);
});

test.run();
