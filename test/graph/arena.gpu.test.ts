// Programs that share an arena: one memory for all sizes, whatever is in flight while it grows.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Arena, add, compile, createArena, input, instanceNorm, mul, type Program } from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';

const test = suite('arena');

async function twice(side: number, arena?: Arena): Promise<Program> {
  const device = await openTestDevice();
  const x = input([1, 2, side, side]);
  return compile(device, { inputs: { x }, outputs: { y: instanceNorm(mul(add(x, 1), x)) } }, { arena });
}

const feed = (side: number, seed = 1) => ({
  x: Float32Array.from({ length: 2 * side * side }, (_, i) => ((i * 7 + seed) % 13) - 6),
});

test('programs of five sizes take the memory of the largest and give what each gives alone', async () => {
  const device = await openTestDevice();
  const before = device.memory().liveBytes;
  const sizes = [16, 40, 8, 64, 24];
  const arena = createArena(device);
  const programs = [];
  for (const side of sizes) programs.push(await twice(side, arena));
  const uniforms = 5 * 2048;
  const largest = Math.max(...programs.map(({ stats }) => stats.peakBytes));
  assert.ok(device.memory().liveBytes - before <= largest + uniforms, `${device.memory().liveBytes - before}`);
  for (const [i, side] of sizes.entries()) {
    const alone = await twice(side);
    const want = await alone.run(feed(side));
    alone.destroy();
    // Twice: the first run after the memory moved, and one that finds it where it was.
    for (let k = 0; k < 2; k++) assert.equal(await programs[i]!.run(feed(side)), want, `side ${side}`);
  }
  for (const program of programs) program.destroy();
  arena.destroy();
  assert.is(device.memory().liveBytes, before);
});

test('runs keep their results and their order while another program makes the arena grow', async () => {
  const device = await openTestDevice();
  const arena = createArena(device);
  const small = await twice(12, arena);
  const want = [];
  for (let seed = 0; seed < 6; seed++) want.push(await small.run(feed(12, seed)));
  const early = [0, 1, 2, 3].map((seed) => small.run(feed(12, seed)));
  const growing = twice(48, arena);
  const late = [4, 5].map((seed) => small.run(feed(12, seed)));
  assert.equal(await Promise.all([...early, ...late]), want);
  const large = await growing;
  assert.is((await large.run(feed(48))).y!.length, 2 * 48 * 48);
  for (const program of [small, large]) program.destroy();
  arena.destroy();
});

test('what does not fit leaves the arena and its programs as they were', async () => {
  const device = await openTestDevice();
  const arena = createArena(device);
  const small = await twice(12, arena);
  const want = await small.run(feed(12));
  const error = await arena.reserve([2 * device.limits.maxBufferSize], 0).then(
    () => undefined,
    (e: Error) => e,
  );
  assert.match(error?.message ?? '', /maxBufferSize/);
  assert.equal(await small.run(feed(12)), want);
  small.destroy();
  arena.destroy();
});

test.run();
