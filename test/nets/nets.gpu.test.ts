import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, concat, type Feeds, input, type ProgramSpec, slice, sum } from '../../src/engine.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { encodeStyles } from '../../src/nets/encoder.js';
import { featureMatching, type GanMode, ganLoss } from '../../src/nets/losses.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import { imagenetNormalised, threeChannels, vgg19 } from '../../src/nets/vgg.js';
import golden from '../golden/pix2pixhd.json';
import { openTestDevice } from '../support/device.js';
import { noteDigest } from '../support/digest.js';
import {
  ENCODING,
  EXTENT,
  hashed,
  hashedVgg,
  matches,
  REGIONS,
  SAMPLE,
  tinyDiscriminator,
  tinyEncoder,
  tinyGenerator,
  tinyLocal,
} from './golden.js';

const TOLERANCE = 1e-5;
const test = suite('nets: golden vectors');

async function runOnce(spec: ProgramSpec, feeds: Feeds) {
  const program = await compile(await openTestDevice(), spec, { precise: true });
  const got = await program.run(feeds);
  program.destroy();
  return got;
}

test('generator, every map of the discriminator, edges', async () => {
  const [G, D] = [tinyGenerator(), tinyDiscriminator()];
  const { inputs, condition } = encodeInput(ENCODING, EXTENT);
  const image = input([1, 3, 32, 48]);
  const picture = G.forward(condition, lookup(createVariables(G.parameters, hashed(1))));
  const maps = D.forward(concat([condition, image], 1), lookup(createVariables(D.parameters, hashed(3))));
  const outputs = {
    picture,
    edges: sum(slice(condition, [0, 5, 0, 0], [1, 1, 32, 48])),
    ...Object.fromEntries(maps.flatMap((scale, i) => scale.map((map, j) => [`map${i}.${j}`, map]))),
  };
  const program = await compile(await openTestDevice(), { inputs: { ...inputs, image }, outputs }, { precise: true });
  const got = await program.run(SAMPLE);
  program.destroy();

  matches('generator', got.picture!, golden.float64.G_global, TOLERANCE);
  await noteDigest('golden generator and discriminator', Object.values(got));
  assert.is(got.edges![0], golden.float64.edge_count);
  golden.float64.D.forEach((scale, i) => {
    scale.forEach((want, j) => {
      assert.equal(maps[i]![j]!.shape, want.shape);
      matches(`scale ${i} map ${j}`, got[`map${i}.${j}`]!, want, TOLERANCE);
    });
  });
});

test('local enhancer', async () => {
  const G = tinyLocal();
  const { inputs, condition } = encodeInput(ENCODING, EXTENT);
  const picture = G.forward(condition, lookup(createVariables(G.parameters, hashed(2))));
  const got = await runOnce({ inputs, outputs: { picture } }, { labels: SAMPLE.labels, instances: SAMPLE.instances });
  matches('local enhancer', got.picture!, golden.float64.G_local, TOLERANCE);
});

test('encoder, averaged over the instances', async () => {
  const E = tinyEncoder();
  const [image, regions] = [input([1, 3, 32, 48]), input([1, 1, 32, 48], 'i32')];
  const params = lookup(createVariables(E.parameters, hashed(4)));
  const features = encodeStyles(E, image, regions, REGIONS.count, params);
  const feeds = { image: SAMPLE.image, regions: REGIONS.ids };
  const got = await runOnce({ inputs: { image, regions }, outputs: { features } }, feeds);
  matches('encoder', got.features!, golden.float64.E, TOLERANCE);
});

test('every tap of VGG19', async () => {
  const V = vgg19();
  const image = input([1, 3, 32, 48]);
  const taps = [...V.forward(image, lookup(createVariables(V.parameters, hashedVgg)))];
  const outputs = Object.fromEntries(taps.map((tap, k) => [`tap${k}`, tap]));
  const got = await runOnce({ inputs: { image }, outputs }, { image: SAMPLE.image });
  golden.float64.VGG.forEach((want, k) => {
    assert.equal(taps[k]!.shape, want.shape);
    matches(`tap ${k}`, got[`tap${k}`]!, want, TOLERANCE);
  });
});

test('ImageNet normalisation, and grey as three channels', async () => {
  const grey = input([1, 1, 1, 3]);
  const got = await runOnce(
    { inputs: { grey }, outputs: { y: imagenetNormalised(threeChannels(grey)) } },
    { grey: [-1, 0, 1] },
  );
  const want = [0.485, 0.456, 0.406].flatMap((mean, c) =>
    [0, 0.5, 1].map((v) => (v - mean) / [0.229, 0.224, 0.225][c]!),
  );
  want.forEach((v, i) => void assert.ok(Math.abs(got.y![i]! - v) < 1e-6, `${i}: got ${got.y![i]}, wanted ${v}`));
});

test('sides that an enhancer cannot halve are refused', () => {
  assert.throws(
    () => tinyLocal().forward(input([1, 6, 36, 48]), () => input([1])),
    /got \[1, 6, 36, 48\], wanted multiples of 8/,
  );
});

test('an RGB input without instances is the conditioning itself', () => {
  const { inputs, condition } = encodeInput({ labelNc: 0, inputNc: 3, noInstance: true }, [2, 8, 6]);
  assert.equal(Object.keys(inputs), ['input']);
  assert.is(inputs.input, condition);
  assert.equal(condition.shape, [2, 3, 8, 6]);
});

test.run();

// ---- losses on maps small enough to work out by hand

const losses = suite('nets: losses');

/** Two scales of one inner map and a verdict. */
const FAKE = [
  [
    [1, -2],
    [0.5, 3],
  ],
  [[4], [-1]],
];
const REAL = [
  [
    [0, 1],
    [2, -0.5],
  ],
  [[2], [0.25]],
];

const average = (list: number[], of: (v: number) => number) => list.reduce((s, v) => s + of(v), 0) / list.length;
const perScale = (maps: number[][][], of: (v: number) => number) =>
  maps.reduce((s, [, verdict]) => s + average(verdict!, of), 0);
const softplus = (v: number) => Math.log1p(Math.exp(v));

const WANTED: Record<string, number> = {
  'ls.wish': perScale(FAKE, (v) => (v - 1) ** 2),
  'ls.fake': perScale(FAKE, (v) => v ** 2),
  'ls.real': perScale(REAL, (v) => (v - 1) ** 2),
  'bce.wish': perScale(FAKE, (v) => softplus(-v)),
  'bce.fake': perScale(FAKE, softplus),
  'bce.real': perScale(REAL, (v) => softplus(-v)),
  'hinge.wish': perScale(FAKE, (v) => -v),
  'hinge.fake': perScale(FAKE, (v) => Math.max(0, 1 + v)),
  'hinge.real': perScale(REAL, (v) => Math.max(0, 1 - v)),
  // 10 · 4/(1 layer · 2 scales) · ((1 + 3)/2 + 2)
  features: 80,
};

losses('LSGAN, BCE, hinge and feature matching', async () => {
  const inputs: Record<string, ReturnType<typeof input>> = {};
  const feeds: Record<string, number[]> = {};
  const feed = (name: string, maps: number[][][]) =>
    maps.map((scale, i) =>
      scale.map((values, j) => {
        feeds[`${name}${i}${j}`] = values;
        return (inputs[`${name}${i}${j}`] = input([1, 1, 1, values.length]));
      }),
    );
  const [fake, real] = [feed('fake', FAKE), feed('real', REAL)];
  const gan = Object.keys(WANTED).filter((name) => name !== 'features');
  const outputs = Object.fromEntries(
    gan.map((name) => {
      const [mode, side] = name.split('.') as [GanMode, 'wish' | 'fake' | 'real'];
      return [name, ganLoss(side === 'real' ? real : fake, side, mode)];
    }),
  );
  outputs.features = featureMatching(fake, real, 10);
  const program = await compile(await openTestDevice(), { inputs, outputs }, { precise: true });
  const got = await program.run(feeds);
  program.destroy();
  for (const [name, want] of Object.entries(WANTED)) {
    assert.ok(
      Math.abs(got[name]![0]! - want) <= 1e-6 * Math.abs(want),
      `${name}: got ${got[name]![0]}, wanted ${want}`,
    );
  }
});

losses.run();
