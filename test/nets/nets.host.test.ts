import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRng, uniform } from '../../src/data/rng.js';
import { DataError } from '../../src/errors.js';
import { parsePth } from '../../src/formats/pth.js';
import { sizeOf } from '../../src/graph/chunks.js';
import { inferDiscriminator, inferGenerator, requireTensors, type Shapes } from '../../src/nets/architecture.js';
import { type DiscriminatorOptions, multiscaleDiscriminator } from '../../src/nets/discriminator.js';
import { type GeneratorOptions, globalGenerator } from '../../src/nets/generator.js';
import { initialValues } from '../../src/nets/init.js';
import type { Net, Parameter } from '../../src/nets/parameters.js';
import { fixture } from '../formats/support.js';
import { DISCRIMINATOR, GENERATOR } from './golden.js';

// ---- the reference's state dicts

const stateDict = suite('nets: state dict');

const G_DEFAULT: GeneratorOptions = {
  inputNc: 36,
  outputNc: 3,
  ngf: 64,
  nDownsample: 4,
  nBlocks: 9,
  norm: 'instance',
};
const D_DEFAULT: DiscriminatorOptions = {
  inputNc: 39,
  ndf: 64,
  nLayers: 3,
  numD: 2,
  norm: 'instance',
  ganFeat: true,
};
const E_DEFAULT: GeneratorOptions = { ...G_DEFAULT, inputNc: 3, ngf: 16, nBlocks: 0 };

const shapesOf = ({ parameters }: Net<unknown>): Map<string, readonly number[]> =>
  new Map(parameters.map(({ name, shape }) => [name, shape]));
const valuesIn = ({ parameters }: Net<unknown>): number =>
  parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
const find = ({ parameters }: Net<unknown>, name: string): Parameter => parameters.find((p) => p.name === name)!;

stateDict('the default nets have the published numbers of tensors and values', () => {
  const nets: [Net<unknown>, tensors: number, values: number][] = [
    [globalGenerator(G_DEFAULT), 56, 182_546_755],
    [multiscaleDiscriminator(D_DEFAULT), 20, 5_603_202],
    [globalGenerator(E_DEFAULT), 20, 788_803],
  ];
  for (const [net, tensors, values] of nets) {
    assert.is(net.parameters.length, tensors);
    assert.is(valuesIn(net), values);
  }
});

stateDict('names and shapes are the reference’s', () => {
  const G = shapesOf(globalGenerator(G_DEFAULT));
  const published: Record<string, number[]> = {
    'model.1.weight': [64, 36, 7, 7],
    'model.4.weight': [128, 64, 3, 3],
    'model.13.weight': [1024, 512, 3, 3],
    'model.16.conv_block.1.weight': [1024, 1024, 3, 3],
    'model.24.conv_block.5.bias': [1024],
    'model.25.weight': [1024, 512, 3, 3],
    'model.34.weight': [128, 64, 3, 3],
    'model.38.weight': [3, 64, 7, 7],
  };
  for (const [name, shape] of Object.entries(published)) assert.equal(G.get(name), shape, name);
  const E = shapesOf(globalGenerator(E_DEFAULT));
  assert.equal(
    [E.get('model.16.weight'), E.get('model.29.weight')],
    [
      [256, 128, 3, 3],
      [3, 16, 7, 7],
    ],
  );
  const flat = multiscaleDiscriminator({ ...D_DEFAULT, ganFeat: false }).parameters.map(({ name }) => name);
  assert.equal(
    flat.filter((name) => /^layer1.*weight$/.test(name)),
    ['layer1.0.weight', 'layer1.2.weight', 'layer1.5.weight', 'layer1.8.weight', 'layer1.11.weight'],
  );
});

stateDict('filters of a deep discriminator stop at 512', () => {
  const D = multiscaleDiscriminator({ ...D_DEFAULT, nLayers: 5, numD: 1 });
  assert.equal(find(D, 'scale0_layer5.0.weight').shape, [512, 512, 4, 4]);
  assert.equal(find(D, 'scale0_layer6.0.weight').shape, [1, 512, 4, 4]);
});

stateDict('batch norm adds its five tensors behind each inner convolution', () => {
  const G = globalGenerator({ ...GENERATOR, norm: 'batch' });
  const names = G.parameters.map(({ name }) => name);
  assert.equal(
    names.slice(2, 7),
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].map((s) => `model.2.${s}`),
  );
  assert.ok(names.includes('model.10.conv_block.6.running_var'));
  assert.not.ok(names.includes('model.20.weight'));
  const D = multiscaleDiscriminator({ ...DISCRIMINATOR, norm: 'batch' }).parameters.map(({ name }) => name);
  assert.ok(D.includes('scale0_layer1.1.running_mean'));
  assert.not.ok(D.includes('scale0_layer0.1.running_mean'));
});

stateDict('only biases that reach an output are trained', () => {
  const untrained = (net: Net<unknown>) => net.parameters.filter((p) => !p.trained).map(({ name }) => name);
  const G = globalGenerator(GENERATOR);
  assert.equal(
    untrained(G),
    G.parameters.map(({ name }) => name).filter((name) => name.endsWith('.bias') && name !== 'model.19.bias'),
  );
  const D = multiscaleDiscriminator({ ...DISCRIMINATOR, numD: 1 });
  assert.equal(
    untrained(D),
    [1, 2, 3].map((j) => `scale0_layer${j}.0.bias`),
  );
  assert.equal(untrained(globalGenerator({ ...GENERATOR, norm: 'batch' })).length, 3 * 9);
});

stateDict.run();

// ---- initialisation

const init = suite('nets: initialisation');

const randomFor = (seed: number) => {
  const rng = createRng(seed);
  return () => uniform(rng);
};

init('fan-in is torch’s, over the second axis of a weight', () => {
  const G = globalGenerator(G_DEFAULT);
  assert.is(find(G, 'model.1.bias').fanIn, 36 * 49);
  assert.is(find(G, 'model.25.bias').fanIn, 512 * 9);
});

init('a tensor of an odd number of values is filled to its end', () => {
  const three = { ...find(globalGenerator(GENERATOR), 'model.1.weight'), shape: [3, 1, 1, 1] };
  assert.ok(initialValues(three, randomFor(1)).every((v) => v !== 0));
});

init('weights are normal with deviation 0.02', () => {
  const wide = initialValues(find(globalGenerator(G_DEFAULT), 'model.1.weight'), randomFor(2));
  const moment = (k: number) => wide.reduce((sum, v) => sum + (v / 0.02) ** k, 0) / wide.length;
  // 112,896 draws: five standard errors of each moment of a normal distribution.
  const error = 5 / Math.sqrt(wide.length);
  assert.ok(Math.abs(moment(1)) < error, `mean ${moment(1)}`);
  assert.ok(Math.abs(moment(2) - 1) < error * Math.sqrt(2), `variance ${moment(2)}`);
  assert.ok(Math.abs(moment(3)) < error * Math.sqrt(15), `skew ${moment(3)}`);
  assert.ok(Math.abs(moment(4) - 3) < error * Math.sqrt(96), `fourth moment ${moment(4)}`);
});

init('biases fill ±1/√fan-in evenly', () => {
  const bias = { ...find(globalGenerator(G_DEFAULT), 'model.1.bias'), shape: [100_000] };
  const values = initialValues(bias, randomFor(3));
  const bound = 1 / Math.sqrt(36 * 49);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  assert.ok(least >= -bound && least < -0.999 * bound, `least ${least}`);
  assert.ok(most <= bound && most > 0.999 * bound, `most ${most}`);
  const square = values.reduce((sum, v) => sum + (v / bound) ** 2, 0) / values.length;
  assert.ok(Math.abs(square - 1 / 3) < 5 * Math.sqrt(4 / 45 / values.length), `mean square ${square}`);
});

init('batch norm starts as the identity around scale 1; one seed gives one net', () => {
  const G = globalGenerator({ ...GENERATOR, norm: 'batch' });
  const of = (suffix: string, seed = 4) => initialValues(find(G, `model.2.${suffix}`), randomFor(seed));
  assert.ok(of('weight').every((v) => Math.abs(v - 1) < 0.2 && v !== 1));
  assert.equal([...of('bias'), ...of('running_mean'), ...of('num_batches_tracked')], new Array(9).fill(0));
  assert.equal([...of('running_var')], [1, 1, 1, 1]);
  assert.equal(of('weight', 5), of('weight', 5));
  assert.not.equal(of('weight', 5), of('weight', 6));
});

init.run();

// ---- architecture from a checkpoint

const architecture = suite('nets: architecture of a checkpoint');

const fileShapes = (name: string): Shapes =>
  new Map([...parsePth(fixture(name), name)].map(([key, { shape }]) => [key, shape]));

const GLOBAL = { netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 };

architecture('of files of the reference', () => {
  const tiny = { ...GENERATOR, ...GLOBAL };
  assert.equal(inferGenerator(fileShapes('tiny_net_G_zip.pth'), 'G'), tiny);
  assert.equal(inferGenerator(fileShapes('tiny_net_G_pre04_runningstats_legacy.pth'), 'G'), tiny);
  assert.equal(inferGenerator(fileShapes('tiny_net_E_zip.pth'), 'E'), { ...tiny, inputNc: 3, ngf: 2, nBlocks: 0 });
  assert.equal(inferGenerator(fileShapes('tiny_local_net_G_zip.pth'), 'G'), {
    ...GENERATOR,
    netG: 'local',
    ngf: 2,
    nLocalEnhancers: 1,
    nBlocksLocal: 2,
  });
  assert.equal(inferDiscriminator(fileShapes('tiny_net_D_zip.pth'), 'D'), DISCRIMINATOR);
});

architecture('of every combination that a net can have', () => {
  for (const norm of ['instance', 'batch'] as const) {
    for (const nDownsample of [1, 3]) {
      const G = { ...GENERATOR, ngf: 5, nDownsample, nBlocks: nDownsample, outputNc: 1, norm };
      assert.equal(inferGenerator(shapesOf(globalGenerator(G)), 'G'), { ...G, ...GLOBAL });
      for (const ganFeat of [true, false]) {
        const D = { ...DISCRIMINATOR, ndf: 7, nLayers: nDownsample + 1, numD: 3, norm, ganFeat };
        assert.equal(inferDiscriminator(shapesOf(multiscaleDiscriminator(D)), 'D'), D);
      }
    }
  }
});

architecture('the wrapper of data-parallel training and old running statistics are no obstacle', () => {
  const { parameters } = globalGenerator(GENERATOR);
  const old = fileShapes('tiny_net_G_pre04_runningstats_legacy.pth');
  requireTensors(parameters, old, 'old.pth');
  const wrapped = new Map([...old].map(([name, shape]) => [`module.${name}`, shape]));
  assert.equal(inferGenerator(wrapped, 'wrapped.pth').nBlocks, 2);
  requireTensors(parameters, wrapped, 'wrapped.pth');
});

const refusal = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    assert.instance(error, DataError);
    return (error as DataError).message;
  }
  return assert.unreachable('expected a refusal') as never;
};

architecture('a partial or foreign checkpoint is refused by name', () => {
  const shapes = new Map(fileShapes('tiny_net_G_zip.pth'));
  shapes.delete('model.7.weight');
  shapes.set('model.12.bias', [9]);
  shapes.set('extra.weight', [1, 2, 3, 4]);
  assert.is(
    refusal(() => requireTensors(globalGenerator(GENERATOR).parameters, shapes, 'G.pth')),
    'G.pth: tensors do not fit the net: 1 missing (model.7.weight); ' +
      '1 of another shape (model.12.bias [9], wanted [8]); 1 unknown (extra.weight). ' +
      'Use the options it was trained with',
  );
  const D = fileShapes('tiny_net_D_zip.pth');
  assert.match(
    refusal(() => inferGenerator(D, 'D.pth')),
    /^D\.pth: no generator of pix2pixHD; its 20 tensors begin with: scale0_layer0\.0\.weight/,
  );
  assert.match(
    refusal(() => inferDiscriminator(shapes, 'G.pth')),
    /no discriminator/,
  );
  assert.match(
    refusal(() => inferGenerator(new Map(), 'empty.pth')),
    /its 0 tensors begin with: none/,
  );
});

architecture.run();
