// What is made of unchanging weights alone is kept from run to run, by all programs of a device, and made anew when they change.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  compile,
  conv2d,
  destroy,
  grad,
  input,
  mul,
  sum,
  type Tensor,
  variable,
  write,
} from '../../src/engine.js';
import { stateOf } from '../../src/graph/storage.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';

const FORCE = { conv: 'winograd-channels-8x1' };
const CHANNELS = 40;
const SHAPE = [CHANNELS, CHANNELS, 3, 3] as const;
/** Blocks of 32 channels. */
const BYTES = 4 * 64 * CHANNELS * 36;

const weights = (seed: number) => Float32Array.from(values(randomFrom(seed), [...SHAPE]).data);
const layer = (w: Tensor, side: number) => {
  const x = input([1, CHANNELS, side, side]);
  return { inputs: { x }, outputs: { y: conv2d(x, w, null, { padding: 1 }) } };
};
const picture = (side: number) => ({ x: Float32Array.from(values(randomFrom(3), [1, CHANNELS, side, side]).data) });

const test = suite('kept weights');

test('the same bits without the transform; written and trained weights are transformed anew', async () => {
  const device = await openTestDevice();
  const w = variable(SHAPE, () => weights(1));
  const spec = layer(w, 8);
  const [plain, kept] = [
    await compile(device, spec, { force: FORCE }),
    await compile(device, spec, { force: FORCE, keep: BYTES }),
  ];
  const transforms = [plain, kept].map(
    ({ stats }) => stats.kernels.filter(({ candidate }) => /weights/.test(candidate)).length,
  );
  assert.equal(transforms, [1, 0]);
  assert.is(kept.stats.keptBytes, BYTES);
  const scaling = await compile(device, { updates: [[w, mul(w, 2)]] });
  const steps = [
    () => {},
    () => {},
    () => write(device, w, weights(2)),
    () => scaling.run(),
    () => scaling.run(),
    () => {},
  ];
  let before: Float32Array | undefined;
  for (const [i, step] of steps.entries()) {
    await step();
    const found = (await kept.run(picture(8))).y as Float32Array;
    assert.equal(found, (await plain.run(picture(8))).y, `run ${i}`);
    assert.is(before !== undefined && found.every((v, k) => v === before![k]), [1, 5].includes(i), `run ${i} is new`);
    before = found;
  }
  for (const program of [plain, kept, scaling]) program.destroy();
  destroy(device, w);
});

test('within a run a data gradient reads what its convolution transformed', async () => {
  const device = await openTestDevice();
  const [w, x] = [variable(SHAPE, () => weights(1)), variable([1, CHANNELS, 8, 8], () => picture(8).x)];
  const y = conv2d(x, w, null, { padding: 1 });
  const [dx] = grad(sum(mul(y, y)), [x]);
  const choices = {
    'conv 3x3 40>40 2^6': 'winograd-channels-8x1',
    'conv 3x3 transposed 40>40 2^6': 'winograd-adjoint-8x1',
  };
  // A run changes w, so that nothing is kept for the next.
  const spec = { outputs: { dx: dx! }, updates: [[w, mul(w, 1)] as const] };
  const found = [];
  for (const fuse of [false, true]) {
    const program = await compile(device, spec, { choices: { ...choices }, fuse });
    const transforms = program.stats.kernels.filter(({ candidate }) => /winograd\.weights/.test(candidate)).length;
    found.push({ transforms, dx: (await program.run()).dx });
    program.destroy();
  }
  assert.equal(
    found.map(({ transforms }) => transforms),
    [2, 1],
  );
  assert.equal(found[1]!.dx, found[0]!.dx);
  for (const each of [w, x]) destroy(device, each);
});

test('programs of several sizes share it; it goes with the last of them', async () => {
  const device = await openTestDevice();
  const w = variable(SHAPE, () => weights(1));
  const compiled = (side: number, options: CompileOptions) =>
    compile(device, layer(w, side), { force: FORCE, ...options });
  const memory = () => device.memory().liveBytes;
  const [first, other] = [await compiled(8, { keep: BYTES }), await compiled(6, { keep: BYTES })];
  const read = async () => (await other.run(picture(6))).y;
  await first.run(picture(8));
  const before = await read();
  first.destroy();
  assert.equal(await read(), before, 'what the first made is still there');
  const held = memory();
  const { peakBytes } = other.stats;
  other.destroy();
  assert.is(held - memory(), BYTES + peakBytes);
  assert.is(stateOf(device).kept.size, 0);
  const again = await compiled(6, { keep: BYTES });
  assert.equal((await again.run(picture(6))).y, before, 'made again in new memory');
  again.destroy();
  destroy(device, w);
});

test('no room, weights that the program changes, or planes larger than them: every run makes it', async () => {
  const device = await openTestDevice();
  const w = variable(SHAPE, () => weights(1));
  const keptBytes = async (side: number, keep: number, updates: [Tensor, Tensor][] = []) => {
    const program = await compile(device, { ...layer(w, side), updates }, { force: FORCE, keep });
    program.destroy();
    return program.stats.keptBytes;
  };
  assert.is(await keptBytes(8, BYTES), BYTES);
  assert.is(await keptBytes(8, BYTES - 1), 0);
  assert.is(await keptBytes(8, BYTES, [[w, mul(w, 0.5)]]), 0);
  assert.is(await keptBytes(64, BYTES), 0);
  destroy(device, w);
});

test.run();
