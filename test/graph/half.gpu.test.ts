// Half floats in memory: every kernel computes what it computes of f32, rounded once where it is stored.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { fromHalf, toHalf } from '../../src/float16.js';
import { reflectionPadGrad } from '../../src/graph/ops/pad.js';
import { openTestDevice } from '../support/device.js';
import { type Applied, CONVOLUTIONS, check, EVEN, ODD, type Ops } from './half.js';

const test = suite('half floats');

const both = (op: Ops): Applied[] => [ODD, EVEN].map((shape) => ({ maps: [shape], op }));
const one =
  (op: (x: Tensor) => Tensor): Ops =>
  ([x]) =>
    op(x!);

/** The gradient in x of a weighted sum of what `op` makes of it. */
const gradientOf =
  (op: (x: Tensor) => Tensor): Ops =>
  ([x]) =>
    engine.grad(engine.sum(engine.mul(op(x!), 0.5)), [x!])[0]!;

const OPS: Record<string, Applied[]> = {
  add: [ODD, EVEN].map((shape) => ({ maps: [shape, shape], op: ([a, b]) => engine.add(a!, b!) })),
  'broadcast channels': [{ maps: [ODD, [1, 5, 1, 1]], op: ([a, b]) => engine.mul(a!, b!) }],
  instanceNorm: both(one(engine.instanceNorm)),
  batchNorm: both(one(engine.batchNorm)).map((each) => ({ ...each, roundings: 4 })),
  reflectionPad2d: both(one((x) => engine.reflectionPad2d(x, [1, 2, 3, 4]))),
  reflectionPadGrad: [{ maps: [[2, 5, 25, 33]], op: one((x) => reflectionPadGrad(x, [1, 1, 2, 2])) }],
  zeroPad2d: both(one((x) => engine.zeroPad2d(x, [1, 0, 2, 1]))),
  avgPool2d: both(one((x) => engine.avgPool2d(x, { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] }))),
  maxPool2d: both(one((x) => engine.maxPool2d(x, { kernel: [2, 2], stride: [2, 2] }))),
  upsampleNearest2d: both(one((x) => engine.upsampleNearest2d(x, [2, 2]))),
  concat: [{ maps: [ODD, ODD], op: (maps) => engine.concat(maps, 1) }],
  slice: both(one((x) => engine.slice(x, [0, 1, 1, 1], [1, 3, 21, 27]))),
  'gradient of maxPool2d': both(gradientOf((x) => engine.maxPool2d(x, { kernel: [2, 2], stride: [2, 2] }))),
};

for (const [name, list] of Object.entries(OPS)) {
  test(name, async () => {
    for (const applied of list) await check(name, applied);
  });
}

for (const [name, applied] of Object.entries(CONVOLUTIONS)) {
  // Of small tiles, which compile soon; half.gpu.deep.ts has the others.
  test(name, () => check(name, applied, { force: { conv: 'quads-1x1x4', convWeight: 'quads-3' } }));
}

test('what no half can hold becomes infinity, and stays one', async () => {
  const values = [70000, 65519, -65520, Number.NaN, 1e-9, 2 ** -24, 1 + 2 ** -11, 1 + 3 * 2 ** -11];
  const x = engine.input([256, 8]);
  const stored = engine.scale(x, 1);
  // Behind an activation NaN would be 0.
  const outputs = { stored: engine.scale(stored, 1), active: engine.scale(engine.relu(stored), 1) };
  const device = await openTestDevice();
  const program = await engine.compile(device, { inputs: { x }, outputs }, { precision: 'f16', fuse: false });
  const found = await program.run({ x: Float32Array.from({ length: 2048 }, (_, i) => values[i % 8]!) });
  program.destroy();
  const stores = [Infinity, 65504, -Infinity, Infinity, 0, 2 ** -24, 1, 1 + 2 ** -9];
  for (const at of [0, 2040]) {
    assert.equal(Array.from(found.stored!.subarray(at, at + 8)), stores);
    assert.equal(
      Array.from(found.active!.subarray(at, at + 8)),
      stores.map((v) => Math.max(v, 0)),
    );
  }
});

test('a half variable is written, read and rounded', async () => {
  const device = await openTestDevice();
  const values = Float32Array.from({ length: 33 }, (_, i) => Math.sin(i));
  const halves = values.map((v) => fromHalf(toHalf(v)));
  const w = engine.variable([33], values, true);
  assert.equal(await engine.read(device, w), halves);
  engine.write(
    device,
    w,
    values.map((v) => -v),
  );
  assert.equal(
    await engine.read(device, w),
    halves.map((v) => -v),
  );
  const program = await engine.compile(device, { outputs: { y: engine.scale(w, 2) } });
  assert.equal(
    (await program.run()).y,
    halves.map((v) => -2 * v),
  );
  assert.is(program.stats.variableBytes, 68);
  program.destroy();
  engine.destroy(device, w);
});

test('cut by tiny bindings, results are those of the whole', async () => {
  const device = await openTestDevice();
  const x = engine.input([3, 5, 67, 83]);
  const outputs = { y: engine.instanceNorm(engine.relu(engine.instanceNorm(engine.scale(x, 2)))) };
  const feed = { x: Float32Array.from({ length: 3 * 5 * 67 * 83 }, (_, i) => Math.sin(i * i)) };
  const results = [];
  for (const limits of [undefined, { maxStorageBufferBindingSize: 65_536, maxBufferSize: 65_536 + 256 }]) {
    const program = await engine.compile(device, { inputs: { x }, outputs }, { precision: 'f16', limits, fuse: false });
    results.push((await program.run(feed)).y);
    program.destroy();
  }
  assert.equal(results[1], results[0]);
});

test.run();
