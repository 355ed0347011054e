import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { add, compile, grad, input, type ProgramSpec, read, type Tensor } from '../../src/engine.js';
import { schedule } from '../../src/graph/schedule.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { featureMatching, ganLoss } from '../../src/nets/losses.js';
import { lookup } from '../../src/nets/parameters.js';
import { adamFeeds, adamScalars, newMoments, type Trainee, trainedTensors } from '../../src/train/adam.js';
import { trainingStep } from '../../src/train/step.js';
import { type Pair, verdictsOf } from '../../src/train/verdicts.js';
import reference from '../golden/pix2pixhd.json';
import { ENCODING, EXTENT, hashed, matches, SAMPLE, tinyDiscriminator, tinyGenerator } from '../nets/golden.js';
import golden from '../nets/golden-steps-without-vgg.json';
import { openTestDevice } from '../support/device.js';
import { noteDigest } from '../support/digest.js';
import { randomFrom, values } from '../support/random.js';
import { checkGradients, near, perceptualStep, tinyStep, trainedOf, trainee } from './golden-step.js';

const test = suite('training step');

const STEPS = golden.steps.length;

test('five steps give the losses of the reference nets', async () => {
  const device = await openTestDevice();
  const { G, D, spec } = tinyStep();
  const program = await compile(device, spec, { precise: true });
  const { dispatches, pipelines, peakBytes, lowerBoundBytes } = program.stats;
  console.log(
    `    ${dispatches} dispatches, ${pipelines} pipelines, peak ${peakBytes} bytes (bound ${lowerBoundBytes})`,
  );
  for (let step = 1; step <= STEPS; step++) {
    const scalars = adamScalars(step, 2e-4);
    const got = await program.run({ ...SAMPLE, ...adamFeeds('G', scalars), ...adamFeeds('D', scalars) });
    const { gradientNorms, ...losses } = golden.steps[step - 1]!;
    assert.equal(Object.keys(got), Object.keys(losses));
    for (const [name, want] of Object.entries(losses)) near(`step ${step} ${name}`, got[name]![0]!, want as number);
    if (!gradientNorms) continue;
    await checkGradients('G', G, gradientNorms.G);
    await checkGradients('D', D, gradientNorms.D);
  }
  program.destroy();

  const { inputs, condition } = encodeInput(ENCODING, EXTENT);
  const picture = G.net.forward(condition, lookup(G.variables));
  const generator = await compile(device, { inputs, outputs: { picture } }, { precise: true });
  const { labels, instances } = SAMPLE;
  const { picture: got } = await generator.run({ labels, instances });
  generator.destroy();
  await noteDigest('golden training steps', [got!]);
  matches('generator after the last step', got!, golden.after5, 1e-5);

  // What an instance norm cancels is neither computed nor trained; it stays for the checkpoint.
  const untouched = G.net.parameters.findIndex(({ name }) => name === 'model.4.bias');
  const bias = await read(device, G.variables['model.4.bias']!);
  assert.equal(bias, hashed(1)(G.net.parameters[untouched]!, untouched));
});

test('with the perceptual loss the first step is the reference’s', async () => {
  const { gradnorm_G, gradnorm_D, ...losses } = reference.float64.steps[0]!;
  const { G, D, program } = await perceptualStep(await openTestDevice());
  const scalars = adamScalars(1, 2e-4);
  const got = await program.run({ ...SAMPLE, ...adamFeeds('G', scalars), ...adamFeeds('D', scalars) });
  program.destroy();
  assert.equal(Object.keys(got), ['G_GAN', 'G_GAN_Feat', 'G_VGG', 'D_real', 'D_fake']);
  for (const [name, want] of Object.entries(losses)) near(name, got[name]![0]!, want as number);
  await checkGradients('G', G, trainedOf(G, gradnorm_G!));
  await checkGradients('D', D, trainedOf(D, gradnorm_D!));
});

const count = (spec: ProgramSpec, op: string): number =>
  schedule([...spec.updates!.map(([, value]) => value), ...Object.values(spec.outputs!)]).filter(
    ({ op: { name } }) => name === op,
  ).length;

test("G's loss forms no gradient of D's weights", () => {
  const { G, D, spec } = tinyStep();
  const weights = ({ net }: Trainee<unknown>) => net.parameters.filter(({ role }) => role === 'weight').length;
  // D's own loss meets each of its weights once, on both pictures, which are one batch.
  assert.is(count(spec, 'convWeight'), weights(G) + weights(D));
  // One forward on both: a map is made once.
  assert.is(count(spec, 'instanceNorm'), 9 + 6);
  assert.is(count(spec, 'adam'), Object.keys(G.moments).length + Object.keys(D.moments).length);
});

test('pictures judged together get the verdicts and the gradient of each alone', async () => {
  const D = trainee(tinyDiscriminator(), 3);
  const [condition, fake, real, pooled] = [6, 3, 3, 3].map((channels) => input([2, channels, 32, 48])) as Tensor[];
  const pairs = { fake: { condition, picture: fake }, real: { condition, picture: real } } as Record<
    'fake' | 'real',
    Pair
  >;
  const inputs = { condition, fake, real, pooled } as Record<string, Tensor>;
  const judged = (other: Pair | undefined, most?: number) => {
    const judge = (pair: Tensor) => D.net.forward(pair, lookup(D.variables));
    const verdicts = verdictsOf(D.net, judge, { ...pairs, pooled: other }, most);
    const loss = add(ganLoss(verdicts.fake, 'wish'), featureMatching(verdicts.fake, verdicts.real, 10));
    const lossD = add(ganLoss(verdicts.judged, 'fake'), ganLoss(verdicts.real, 'real'));
    return { loss, lossD, inFake: verdicts.inFake(loss), ofWeight: grad(lossD, trainedTensors(D))[0]! };
  };
  for (const other of [undefined, { condition, picture: pooled } as Pair]) {
    const [both, alone] = [judged(other), judged(other, 0)];
    assert.ok(
      count({ outputs: both, updates: [] }, 'instanceNorm') < count({ outputs: alone, updates: [] }, 'instanceNorm'),
    );
    const device = await openTestDevice();
    const feeds = Object.entries(inputs).map(([name, { shape }], i) => [
      name,
      values(randomFrom(i + 1), [...shape]).data,
    ]);
    const run = async (outputs: Record<string, Tensor>) => {
      const used = other ? inputs : ({ condition, fake, real } as Record<string, Tensor>);
      const program = await compile(device, { inputs: used, outputs }, { precise: true });
      const found = await program.run(Object.fromEntries(feeds.filter(([name]) => (name as string) in used)));
      program.destroy();
      return found;
    };
    const [got, want] = [await run(both), await run(alone)];
    for (const [name, list] of Object.entries(want)) {
      const largest = Math.max(...list.map(Math.abs));
      assert.ok(largest > 0);
      list.forEach((value, i) => {
        assert.ok(
          Math.abs(got[name]![i]! - value) <= 1e-5 * largest,
          `${name}[${i}]: ${got[name]![i]}, alone ${value}`,
        );
      });
    }
  }
});

test('without feature matching its loss is not there', () => {
  const [G, D] = [trainee(tinyGenerator(), 1), trainee(tinyDiscriminator(), 3)];
  const spec = trainingStep({ extent: EXTENT, encoding: ENCODING, outputNc: 3, G, D, noGanFeatLoss: true });
  assert.equal(Object.keys(spec.outputs!), ['G_GAN', 'D_real', 'D_fake']);
  assert.is(count(spec, 'l1Loss'), 0);
});

test('only the chosen parameters are trained', () => {
  const G = trainee(tinyGenerator(), 1);
  const chosen = { ...G, moments: newMoments(G.net, (name) => name.startsWith('model.19')) };
  const D = trainee(tinyDiscriminator(), 3);
  const spec = trainingStep({ extent: EXTENT, encoding: ENCODING, outputNc: 3, G: chosen, D });
  const updated = new Set<Tensor>(spec.updates!.map(([variable]) => variable));
  assert.equal(
    Object.keys(G.variables).filter((name) => updated.has(G.variables[name]!)),
    ['model.19.weight', 'model.19.bias'],
  );
});

test('sides that the generator would round are refused', () => {
  const [G, D] = [trainee(tinyGenerator(), 1), trainee(tinyDiscriminator(), 3)];
  assert.throws(
    () => trainingStep({ extent: [1, 30, 48], encoding: ENCODING, outputNc: 3, G, D }),
    /trainingStep: extent: got \[1, 30, 48\], wanted sides that the generator keeps; it makes 32×48/,
  );
});

test('corrections are exact where single precision is not', () => {
  assert.equal(adamScalars(1, 2e-4), { lr: 2e-4, correction1: 0.5, correction2: 1 - 0.999 });
  assert.equal(adamFeeds('G', { lr: 1, correction1: 2, correction2: 3 }), {
    'G.lr': 1,
    'G.correction1': 2,
    'G.correction2': 3,
  });
});

test.run();
