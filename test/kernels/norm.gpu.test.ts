// Both ways to normalise planes, in lanes and a workgroup a plane, whatever the prior chooses here: against the twin, in
// parts, and over their own operand.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileOptions, compile, grad, input, instanceNorm, mul, scale, sum } from '../../src/engine.js';
import { batchNorm } from '../../src/graph/ops/batch-norm.paint.js';
import { normPrior } from '../../src/kernels/norm-plane.js';
import { checkAll, shown } from '../graph/check.js';
import { closeTo } from '../support/bounds.js';
import { forwardBound, normCases, spreads } from '../support/cases/norm.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import type { Arr } from '../twin/array.js';
import * as twin from '../twin/index.js';
import { batchGroups } from '../twin/norm.js';

const test = suite('instance norm: candidates');

const NAMES = ['lanes', 'plane'];
const forced = (name: string) => ({ instanceNorm: name, instanceNormGrad: name });

/**
 * Areas of whole vec4 and not, blocks of registers that are full, begun and missing, threads without anything; and bytes of
 * a binding that hold some planes, from one multiple of 256 to another.
 */
const SHAPES: [shape: number[], binding: number][] = [
  [[3, 7, 24, 32], 4 * 3072],
  [[3, 30, 9, 38], 32 * 1368],
  [[10, 9, 2, 3], 32 * 24],
];

/** y, dx and x itself of a norm, x being an intermediate that y could take over. */
async function run(shape: readonly number[], options: CompileOptions, keep: boolean) {
  const r = randomFrom(51);
  const [fed, dy] = [input(shape), input(shape)];
  const x = scale(fed, 3);
  const y = instanceNorm(x);
  const [dx] = grad(sum(mul(y, dy)), [x]);
  const outputs = { y, dx: dx!, ...(keep ? { x } : {}) };
  const program = await compile(await openTestDevice(), { inputs: { fed, dy }, outputs }, options);
  const feed = () => Float32Array.from(values(r, [...shape]).data);
  const found = await program.run({ fed: feed(), dy: feed() });
  assert.is(await program.guards(), 0, 'bytes written behind a tensor');
  program.destroy();
  const words = (data: Float32Array | Int32Array) => new Uint32Array(data.buffer, data.byteOffset, data.length);
  return { y: words(found.y!), dx: words(found.dx!), dispatches: program.stats.dispatches };
}

for (const name of NAMES) {
  test(`${name} against the twin`, async () => {
    const wanted = Array.from({ length: 8 }, (_, i) => ({
      name: 'instanceNorm',
      make: normCases.instanceNorm!,
      seed: 60 + i,
    }));
    const problems = await checkAll(await openTestDevice(), wanted, { force: forced(name) });
    assert.is(problems.length, 0, shown(problems));
  });

  test(`${name}: in parts and in place, the bits of the whole`, async () => {
    for (const [shape, binding] of SHAPES) {
      const force = forced(name);
      const whole = await run(shape, { force }, true);
      const places = await run(shape, { force }, false);
      const limits = { maxStorageBufferBindingSize: binding };
      const parts = await run(shape, { force, limits, guardBytes: 512 }, true);
      assert.ok(parts.dispatches > whole.dispatches, 'the case is cut');
      for (const key of ['y', 'dx'] as const) {
        assert.equal(places[key], whole[key], `[${shape}] ${key} in place`);
        assert.equal(parts[key], whole[key], `[${shape}] ${key} in parts`);
      }
    }
  });
}

test('a CPU takes many planes whole, a GPU and a few planes are split; another name is refused', async () => {
  const [cpu, gpu] = (['cpu', 'gpu'] as const).map((kind) => ({ kind, vendor: '', subgroupSize: null }));
  assert.equal([normPrior(64, cpu!), normPrior(3, cpu!), normPrior(64, gpu!)], ['plane', 'lanes', 'lanes']);
  const x = input([1, 2, 3, 3]);
  const program = compile(
    await openTestDevice(),
    { inputs: { x }, outputs: { y: instanceNorm(x) } },
    { force: forced('rows') },
  );
  const message = await program.then(
    () => 'no error',
    (error: Error) => error.message,
  );
  assert.is(message, 'instanceNorm: candidate: got rows, wanted plane or lanes');
});

test('batch norm of pages that paint takes one picture, and is batch norm', async () => {
  const r = randomFrom(71);
  const x = values(r, [1, 5, 9, 11], 2, 4);
  const [weight, bias] = [values(r, [5], 0.5, 2), values(r, [5])];
  const fed = { x: input([1, 5, 9, 11]), weight: input([5]), bias: input([5]) };
  const { weight: w, bias: b } = fed;
  const outputs = { y: batchNorm(fed.x, { weight: w, bias: b }) };
  const program = await compile(await openTestDevice(), { inputs: fed, outputs });
  const data = (all: Arr) => Float32Array.from(all.data);
  const { y } = await program.run({ x: data(x), weight: data(weight), bias: data(bias) });
  program.destroy();
  const want = twin.batchNorm(x, { weight, bias });
  closeTo(y!, want, forwardBound(x, want, spreads(x, batchGroups(x.shape), 1e-5, weight)), 'batch norm');
  assert.throws(() => batchNorm(input([2, 5, 9, 11])), /^batchNorm: x: got \[2, 5, 9, 11\], wanted one picture/);
  assert.throws(() => batchNorm(fed.x, { mean: b, variance: w }), /wanted one picture, with its own statistics/);
});

test.run();
