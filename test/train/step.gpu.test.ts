import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type ProgramSpec, read, type Tensor } from '../../src/engine.js';
import { schedule } from '../../src/graph/plan.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { createVariables, lookup, type Net } from '../../src/nets/parameters.js';
import { ADAM, adamFeeds, adamScalars, newMoments, type Trainee } from '../../src/train/adam.js';
import { trainingStep } from '../../src/train/step.js';
import { ENCODING, EXTENT, hashed, matches, SAMPLE, tinyDiscriminator, tinyGenerator } from '../nets/golden.js';
import golden from '../nets/golden-steps-without-vgg.json';
import { openTestDevice } from '../support/device.js';
import { noteDigest } from '../support/digest.js';

const test = suite('training step');

const TOLERANCE = 1e-5;
const STEPS = golden.steps.length;

function trainee<Output>(net: Net<Output>, seed: number): Trainee<Output> {
  return { net, variables: createVariables(net.parameters, hashed(seed)), moments: newMoments(net) };
}

function tinyStep() {
  const [G, D] = [trainee(tinyGenerator(), 1), trainee(tinyDiscriminator(), 3)];
  return { G, D, spec: trainingStep({ extent: EXTENT, encoding: ENCODING, outputNc: 3, G, D }) };
}

const near = (what: string, got: number, want: number) =>
  assert.ok(Math.abs(got - want) <= TOLERANCE * Math.abs(want), `${what}: got ${got}, wanted ${want}`);

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

/** The first step leaves m = (1 − beta1)·gradient behind. */
async function checkGradients(label: string, { moments }: Trainee<unknown>, want: Record<string, number>) {
  const device = await openTestDevice();
  for (const [name, wanted] of Object.entries(want)) {
    near(`${label} gradient of ${name}`, norm(await read(device, moments[name]!.m)) / (1 - ADAM.beta1), wanted);
  }
}

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
  matches('generator after the last step', got!, golden.after5, TOLERANCE);

  // What an instance norm cancels is neither computed nor trained; it stays for the checkpoint.
  const untouched = G.net.parameters.findIndex(({ name }) => name === 'model.4.bias');
  const bias = await read(device, G.variables['model.4.bias']!);
  assert.equal(bias, hashed(1)(G.net.parameters[untouched]!, untouched));
});

const count = (spec: ProgramSpec, op: string): number =>
  schedule([...spec.updates!.map(([, value]) => value), ...Object.values(spec.outputs!)]).filter(
    ({ op: { name } }) => name === op,
  ).length;

test("G's loss forms no gradient of D's weights", () => {
  const { G, D, spec } = tinyStep();
  const weights = ({ net }: Trainee<unknown>) => net.parameters.filter(({ role }) => role === 'weight').length;
  // D's own loss meets each of its weights twice, on the real and on the fake picture.
  assert.is(count(spec, 'convWeight'), weights(G) + 2 * weights(D));
  // One forward on each picture: a map is made once.
  assert.is(count(spec, 'instanceNorm'), 9 + 2 * 6);
  assert.is(count(spec, 'adam'), Object.keys(G.moments).length + Object.keys(D.moments).length);
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
