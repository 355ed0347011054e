// The ops that go plane by plane: the same bits however small the bindings, and what random cases do not reach.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Feeds, ProgramSpec, Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { reflectionPadGrad } from '../../src/graph/ops/pad.js';
import { avgPoolBack } from '../../src/graph/ops/pool.js';
import type { AverageWindow } from '../../src/kernels/pool.js';
import { closeTo, dotBound, exact } from '../support/bounds.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, ids as randomIds, values } from '../support/random.js';
import { absolute, arr } from '../twin/array.js';
import * as twin from '../twin/index.js';

/** 16,384 elements: two planes of 67 × 83, so that samples are cut and planes of other sizes are cut elsewhere. A tensor
 * of more than a binding does not fit a buffer either: each part has its own place. */
const SMALL = { maxStorageBufferBindingSize: 65_536, maxBufferSize: 65_536 + 256 };
const LARGE_PLANES = [3, 5, 67, 83];
/** Thousands of planes: statistics of two numbers a plane are cut as well, at other planes than x. */
const MANY_PLANES = [2, 4500, 2, 3];

type Build = { spec: ProgramSpec; feeds: Feeds };

/** The op's result and the gradient of its weighted sum, as a program. */
function withGradient(shape: readonly number[], op: (x: Tensor) => Tensor, more: Partial<Build> = {}): Build {
  const r = randomFrom(11);
  const x = engine.input(shape);
  const y = op(x);
  const dy = engine.input(y.shape);
  const [dx] = engine.grad(engine.sum(engine.mul(y, dy)), [x]);
  const feeds = { x: floats(values(r, [...shape])), dy: floats(values(r, [...y.shape])), ...more.feeds };
  return { spec: { inputs: { x, dy, ...more.spec?.inputs }, outputs: { y, dx } }, feeds };
}

const floats = ({ data }: { data: Float64Array }): Float32Array => Float32Array.from(data);

function regionBuild(): Build {
  const [n, , height, width] = LARGE_PLANES;
  const regions = engine.input([n, 1, height, width], 'i32');
  const data = Int32Array.from(randomIds(randomFrom(5), regions.shape as number[], 40).data);
  const more = { spec: { inputs: { regions } }, feeds: { regions: data } };
  return withGradient(LARGE_PLANES, (x) => engine.regionMean(x, regions, 41), more);
}

function idsBuild(): Build {
  const [n, , height, width] = LARGE_PLANES;
  const ids = engine.input([n, 1, height, width], 'i32');
  const data = Int32Array.from(randomIds(randomFrom(6), ids.shape as number[], 6).data);
  return {
    spec: { inputs: { ids }, outputs: { y: engine.oneHot(ids, 5), e: engine.instanceEdges(ids) } },
    feeds: { ids: data },
  };
}

function adamBuild(): Build {
  const r = randomFrom(3);
  const shape = [9, 5000];
  const inputs = { w: engine.input(shape), g: engine.input(shape), m: engine.input(shape), v: engine.input(shape) };
  const scalars = { lr: engine.input([]), correction1: engine.input([]), correction2: engine.input([]) };
  const feeds = Object.fromEntries(Object.keys(inputs).map((name) => [name, floats(values(r, shape, 0, 1))]));
  const outputs = engine.adam(inputs.w, inputs.g, inputs.m, inputs.v, scalars);
  return {
    spec: { inputs: { ...inputs, ...scalars }, outputs },
    feeds: { ...feeds, lr: 0.1, correction1: 0.5, correction2: 0.25 },
  };
}

const BUILDS: Record<string, () => Build> = {
  instanceNorm: () => withGradient(LARGE_PLANES, (x) => engine.instanceNorm(x)),
  'instanceNorm of many planes': () => withGradient(MANY_PLANES, (x) => engine.instanceNorm(x)),
  'avgPool2d without padding': () =>
    withGradient(LARGE_PLANES, (x) =>
      engine.avgPool2d(x, { kernel: 3, stride: 2, padding: 1, countIncludePad: false }),
    ),
  'avgPool2d with padding': () =>
    withGradient(LARGE_PLANES, (x) => engine.avgPool2d(x, { kernel: [3, 5], padding: [1, 0, 0, 2], ceilMode: true })),
  maxPool2d: () => withGradient(LARGE_PLANES, (x) => engine.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 })),
  upsampleNearest2d: () => withGradient([3, 5, 37, 29], (x) => engine.upsampleNearest2d(x, [2, 3])),
  reflectionPad2d: () => withGradient(LARGE_PLANES, (x) => engine.reflectionPad2d(x, [3, 2, 1, 4])),
  zeroPad2d: () => withGradient(LARGE_PLANES, (x) => engine.zeroPad2d(x, [0, 2, 1, 4])),
  regionMean: regionBuild,
  'oneHot and instanceEdges': idsBuild,
  adam: adamBuild,
};

const bits = (data: Float32Array | Int32Array): Uint32Array =>
  new Uint32Array(data.buffer, data.byteOffset, data.length);

const planes = suite('planes: small bindings give the bits of large ones');

for (const [name, build] of Object.entries(BUILDS)) {
  planes(name, async () => {
    const device = await openTestDevice();
    const { spec, feeds } = build();
    const whole = await engine.compile(device, spec);
    const split = await engine.compile(device, spec, { limits: SMALL, guardBytes: 256 });
    const [want, got] = [await whole.run(feeds), await split.run(feeds)];
    assert.ok(split.stats.dispatches > whole.stats.dispatches, 'the small bindings cut nothing');
    assert.is(await split.guards(), 0, 'bytes written behind a tensor');
    for (const key of Object.keys(spec.outputs!)) {
      const wrong = bits(want[key]).findIndex((word, i) => word !== bits(got[key])[i]);
      assert.is(wrong, -1, `${key}[${wrong}]: ${got[key][wrong]} in parts, ${want[key][wrong]} whole`);
    }
    whole.destroy();
    split.destroy();
  });
}

planes.run();

// ---- pools and NaN

async function runOnce(spec: ProgramSpec, feeds: Feeds) {
  const program = await engine.compile(await openTestDevice(), spec);
  try {
    return await program.run(feeds);
  } finally {
    program.destroy();
  }
}

const pools = suite('planes: pools');

pools('a NaN takes its windows of a max pool, and their gradient', async () => {
  const { spec, feeds } = withGradient([1, 1, 2, 6], (x) => engine.maxPool2d(x, { kernel: 2 }));
  const x = [9, 0, 3, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 8, 9, 1, 3, Number.NEGATIVE_INFINITY];
  const { y, dx } = await runOnce(spec, { ...feeds, x, dy: [1, 2, 3] });
  assert.equal([...y], [Number.POSITIVE_INFINITY, Number.NaN, 3]);
  assert.equal([...dx], [0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 3, 0]);
});

/** Gradient of Σ op(dy)·direction in dy, for a linear op: the adjoint of the op, applied to the direction. */
async function adjoint(op: (dy: Tensor) => Tensor, from: readonly number[], direction: twin.Arr) {
  const [dy, v] = [engine.input(from), engine.input(direction.shape)];
  const [back] = engine.grad(engine.sum(engine.mul(op(dy), v)), [dy]);
  const { back: got } = await runOnce({ inputs: { v }, outputs: { back } }, { v: floats(direction) });
  return got;
}

pools('the gradient of an average pool has a gradient: the pool', async () => {
  const options = { kernel: 3, stride: 2, padding: 1, countIncludePad: false };
  const v = values(randomFrom(2), [1, 2, 5, 7]);
  const x = engine.input(v.shape);
  const y = engine.avgPool2d(x, options);
  const got = await adjoint((dy) => avgPoolBack(dy, x, y.node.attrs as AverageWindow), y.shape, v);
  const want = twin.avgPool2d(v, options);
  closeTo(got, want, dotBound(9, twin.avgPool2d(absolute(v), options), want), 'the pool of the direction');
});

pools('the gradient of a reflection pad has a gradient: the pad', async () => {
  const padding = [1, 2, 3, 0] as const;
  const v = values(randomFrom(4), [1, 2, 4, 5]);
  const want = twin.reflectionPad2d(v, [...padding]);
  const got = await adjoint((dy) => reflectionPadGrad(dy, padding), want.shape, v);
  closeTo(got, want, exact(want), 'the padded direction');
});

pools.run();

// ---- regions

const regions = suite('planes: regions');

/** One region of many segments, some single pixels, some without pixels. */
function uneven(shape: number[], count: number) {
  const map = arr(shape);
  map.data.fill(2);
  for (let i = 0; i < 20; i++) map.data[i * 31] = 3 + (i % (count - 4));
  return map;
}

regions('of every size, with sums in segments', async () => {
  const [shape, count] = [[2, 3, 41, 37], 17];
  const map = uneven([2, 1, 41, 37], count);
  const ids = engine.input(map.shape, 'i32');
  const x = engine.input(shape);
  const data = values(randomFrom(8), shape, -1, 3);
  const spec = { inputs: { x, ids }, outputs: { y: engine.regionMean(x, ids, count) } };
  const { y } = await runOnce(spec, { x: floats(data), ids: Int32Array.from(map.data) });
  const want = twin.regionMean(data, map, count);
  closeTo(y, want, dotBound(41 * 37, twin.regionMean(absolute(data), map, count), want), 'region means');
});

regions('an id that is no region is refused at the run, with its place', async () => {
  const x = engine.input([2, 1, 2, 3]);
  const ids = engine.input([2, 1, 2, 3], 'i32');
  const program = await engine.compile(await openTestDevice(), {
    inputs: { x, ids },
    outputs: { y: engine.regionMean(x, ids, 4) },
  });
  const feed = (bad: number) => ({
    x: new Float32Array(12),
    ids: Int32Array.from([0, 1, 2, 3, 0, 0, 0, 0, bad, 0, 0, 0]),
  });
  for (const bad of [4, -1, 2 ** 30]) {
    const message = await program.run(feed(bad)).then(
      () => 'no error',
      (error: Error) => error.message,
    );
    assert.is(message, `regionMean: regions: pixel 2 of sample 1: got ${bad}, wanted 0…3 (count is 4)`);
  }
  await program.run(feed(3));
  program.destroy();
});

regions.run();

// ---- ids beyond the whole numbers of a float

const edges = suite('planes: ids');

edges('ids are compared as integers', async () => {
  const ids = engine.input([1, 1, 1, 3], 'i32');
  const { e } = await runOnce(
    { inputs: { ids }, outputs: { e: engine.instanceEdges(ids) } },
    { ids: Int32Array.of(2 ** 24, 2 ** 24 + 1, 2 ** 24 + 1) },
  );
  assert.equal([...e], [1, 1, 0]);
});

// 15·13 / 13 is 15, but 15 / (15 / 13) is 13.000000000000002: cuts must be counted in whole planes.
edges('one-hot planes of a size that the number of classes does not divide', async () => {
  const map = randomIds(randomFrom(9), [1, 1, 3, 5], 13);
  const ids = engine.input(map.shape, 'i32');
  const { y } = await runOnce({ inputs: { ids }, outputs: { y: engine.oneHot(ids, 13) } }, { ids: [...map.data] });
  const want = twin.oneHot(map, 13);
  closeTo(y, want, exact(want), 'one-hot planes');
});

edges.run();

// ---- what is refused

const refusals = suite('planes: refusals');

const x = engine.input([1, 2, 4, 6]);
const vector = engine.input([3]);
const map = engine.input([1, 1, 4, 6], 'i32');
const scalars = { lr: engine.input([]), correction1: engine.input([]), correction2: engine.input([1]) };

const REFUSALS: [message: RegExp, call: () => unknown][] = [
  [/^instanceNorm: x: got \[3\], wanted a tensor \[N, C, …\]/, () => engine.instanceNorm(vector)],
  [/^instanceNorm: weight: got \[3\], wanted \[2\]/, () => engine.instanceNorm(x, { weight: vector })],
  [/^instanceNorm: eps: got -1/, () => engine.instanceNorm(x, { eps: -1 })],
  [/^instanceNorm: unknown option: got affine/, () => engine.instanceNorm(x, { affine: true } as object)],
  [/^batchNorm: variance: got \[3\], wanted \[2\]/, () => engine.batchNorm(x, { variance: vector })],
  [/^instanceNorm: x: got i32, wanted f32/, () => engine.instanceNorm(map)],
  [
    /^avgPool2d: padding: got 2, wanted at most 1, half the kernel/,
    () => engine.avgPool2d(x, { kernel: 3, padding: 2 }),
  ],
  [/^avgPool2d: kernel: got 0, wanted a whole number of at least 1/, () => engine.avgPool2d(x, { kernel: 0 })],
  [/^avgPool2d: ceilMode: got 1, wanted true or false/, () => engine.avgPool2d(x, { kernel: 2, ceilMode: 1 } as never)],
  [/^maxPool2d: kernel: got \[5, 5\], wanted at most the padded 4×6 plane/, () => engine.maxPool2d(x, { kernel: 5 })],
  [
    /^maxPool2d: unknown option: got countIncludePad/,
    () => engine.maxPool2d(x, { kernel: 2, countIncludePad: true } as never),
  ],
  [/^upsampleNearest2d: factor: got 1.5/, () => engine.upsampleNearest2d(x, 1.5)],
  [/^reflectionPad2d: padding: got 4, wanted less than the height of x, 4/, () => engine.reflectionPad2d(x, 4)],
  [/^reflectionPad2d: padding: got 6, wanted less than the width of x, 6/, () => engine.reflectionPad2d(x, [0, 6])],
  [/^zeroPad2d: padding: got -1/, () => engine.zeroPad2d(x, -1)],
  [/^oneHot: ids: got f32, wanted i32/, () => engine.oneHot(x, 3)],
  [/^oneHot: classes: got 0/, () => engine.oneHot(map, 0)],
  [
    /^instanceEdges: ids: got \[1, 2, 4, 6\], wanted \[N, 1, H, W\]/,
    () => engine.instanceEdges(engine.input([1, 2, 4, 6], 'i32')),
  ],
  [
    /^regionMean: regions: got \[1, 1, 4, 5\], wanted \[1, 1, 4, 6\]/,
    () => engine.regionMean(x, engine.input([1, 1, 4, 5], 'i32'), 2),
  ],
  [
    /^regionMean: regions: got the result of reshape, wanted an input/,
    () => engine.regionMean(x, engine.reshape(map, [1, 1, 4, 6]), 2),
  ],
  [/^regionMean: count: got 1.5/, () => engine.regionMean(x, map, 1.5)],
  [/^adam: g: got \[1, 2, 4, 6\], wanted \[3\]/, () => engine.adam(vector, x, vector, vector, scalars)],
  [/^adam: correction2: got \[1\], wanted a tensor of rank 0/, () => engine.adam(x, x, x, x, scalars)],
  [/^adam: beta1: got 1, wanted a number in \[0, 1\)/, () => engine.adam(x, x, x, x, scalars, { beta1: 1 })],
];

for (const [message, call] of REFUSALS) refusals(message.source, () => assert.throws(call, message));

refusals.run();
