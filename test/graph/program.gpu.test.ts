// What a compiled program promises: planned memory, replay without new objects, updates, runs in flight, splits that change
// no bit, writes that stay in their blocks.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.js';
import {
  adam,
  add,
  avgPool2d,
  type CompileOptions,
  compile,
  concat,
  conv2d,
  convTranspose2d,
  destroy,
  type Feeds,
  grad,
  input,
  instanceNorm,
  l1Loss,
  leakyRelu,
  maxPool2d,
  mean,
  mseLoss,
  mul,
  type Program,
  read,
  reflectionPad2d,
  regionMean,
  relu,
  scale,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  upsampleNearest2d,
  variable,
  write,
} from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';
import { noteDigest } from '../support/digest.js';
import { randomFrom } from '../support/random.js';

const seeded = (seed: number, length: number): Float32Array => {
  const random = randomFrom(seed);
  return Float32Array.from({ length }, () => 2 * random.next() - 1);
};

const sizeOf = (tensor: Tensor): number => tensor.shape.reduce((a, b) => a * b, 1);

/** A generator in small: reflection, instance norm, a residual block, strided and transposed convolution, every kind of loss. */
function smallNet(seed = 1, side = 32, channels = 6) {
  let next = seed * 100;
  const parameter = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const own = next++;
    return variable(shape, () => seeded(own, size).map((v) => 0.3 * v));
  };
  const x = input([2, 3, side, side]);
  const real = input([2, 3, side, side]);
  const weights = {
    first: parameter(channels, 3, 7, 7),
    down: parameter(2 * channels, channels, 3, 3),
    block: parameter(2 * channels, 2 * channels, 3, 3),
    up: parameter(2 * channels, channels, 3, 3),
    last: parameter(3, channels, 3, 3),
    bias: parameter(3),
  };
  const a = relu(instanceNorm(conv2d(x, weights.first, null, { padding: 3, paddingMode: 'reflect' })));
  const b = leakyRelu(instanceNorm(conv2d(a, weights.down, null, { stride: 2, padding: 1 })), 0.2);
  const c = add(b, instanceNorm(conv2d(b, weights.block, null, { padding: 1, paddingMode: 'reflect' })));
  const d = relu(instanceNorm(convTranspose2d(c, weights.up, null, { stride: 2, padding: 1, outputPadding: 1 })));
  const y = tanh(conv2d(d, weights.last, weights.bias, { padding: 1 }));
  const pooled = avgPool2d(concat([y, x], 1), { kernel: 3, stride: 2, padding: 1, countIncludePad: false });
  const loss = add(l1Loss(y, real), add(mseLoss(pooled, 0.25), mean(square(maxPool2d(d, { kernel: 2 })))));
  const all = Object.values(weights);
  return { x, real, y, loss, weights: all, gradients: grad(loss, all) };
}

const feedsFor = (net: ReturnType<typeof smallNet>): Feeds => ({
  x: seeded(7, sizeOf(net.x)),
  real: seeded(8, sizeOf(net.real)),
});

async function forwardBackward(device: Device, options: CompileOptions, side = 32) {
  const net = smallNet(1, side);
  const outputs = { y: net.y, loss: net.loss, ...Object.fromEntries(net.gradients.map((g, i) => [`g${i}`, g])) };
  const program = await compile(device, { inputs: { x: net.x, real: net.real }, outputs }, options);
  const result = await program.run(feedsFor(net));
  assert.is(await program.guards(), 0, 'guard bytes changed');
  program.destroy();
  for (const w of net.weights) destroy(device, w);
  return result as Record<string, Float32Array>;
}

const sameBits = (a: Float32Array, b: Float32Array): boolean => {
  const [u, v] = [new Uint32Array(a.buffer, a.byteOffset, a.length), new Uint32Array(b.buffer, b.byteOffset, b.length)];
  return u.length === v.length && u.every((word, i) => word === v[i]);
};

/** The five Adam steps of the small net; returns every weight afterwards. */
async function adamSteps(
  device: Device,
  steps: number,
): Promise<{ losses: number[]; weights: Float32Array[]; program: Program; free(): void }> {
  const net = smallNet(2, 16);
  const [lr, c1, c2] = [input([]), input([]), input([])];
  const moments = net.weights.map((w) => [variable(w.shape), variable(w.shape)] as const);
  const updates = net.weights.flatMap((w, i) => {
    const [m, v] = moments[i];
    const step = adam(
      w,
      net.gradients[i],
      m,
      v,
      { lr, correction1: c1, correction2: c2 },
      { beta1: 0.5, beta2: 0.999, eps: 1e-8 },
    );
    return [
      [w, step.w],
      [m, step.m],
      [v, step.v],
    ] as const;
  });
  const inputs = { x: net.x, real: net.real, lr, c1, c2 };
  const program = await compile(device, { inputs, outputs: { loss: net.loss }, updates });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const { loss } = await program.run({ ...feedsFor(net), lr: 1e-3, c1: 1 - 0.5 ** t, c2: 1 - 0.999 ** t });
    losses.push(loss[0]);
  }
  const weights = await Promise.all(net.weights.map((w) => read(device, w)));
  const free = () => {
    program.destroy();
    for (const w of [...net.weights, ...moments.flat()]) destroy(device, w);
  };
  return { losses, weights, program, free };
}

const test = suite('program');

for (const [kib, side] of [
  [16, 32],
  [64, 64],
] as const) {
  test(`${kib} KiB bindings and buffers give the same bits, forward and backward, and no kernel leaves its block`, async () => {
    const device = await openTestDevice();
    const limits = { maxStorageBufferBindingSize: kib << 10, maxBufferSize: kib << 10 };
    const whole = await forwardBackward(device, { guardBytes: 512 }, side);
    const split = await forwardBackward(device, { guardBytes: 512, limits }, side);
    for (const [name, values] of Object.entries(whole)) {
      assert.ok(values.every(Number.isFinite), `${name} is finite`);
      assert.ok(sameBits(values, split[name]), `${name} differs when split`);
    }
  });
}

test('the plain candidates agree with the chosen ones', async () => {
  const device = await openTestDevice();
  const chosen = await forwardBackward(device, {});
  const plain = await forwardBackward(device, { force: { conv: 'plain', convWeight: 'plain' } });
  for (const [name, values] of Object.entries(chosen)) {
    const rms = Math.sqrt(values.reduce((total, v) => total + v * v, 0) / values.length);
    const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - plain[name][i])), 0);
    assert.ok(worst <= 2e-5 * rms + 1e-9, `${name}: ${worst} apart at rms ${rms}`);
  }
});

test('a run creates no GPU object and writes only inputs; memory stays', async () => {
  const device = await openTestDevice();
  const calls: string[] = [];
  const spy = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key, object);
        if (key === 'queue') return spy(value as object);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          calls.push(String(key));
          return (value as (...a: unknown[]) => unknown).apply(object, args);
        };
      },
    });
  const before = device.memory();
  const net = smallNet(3, 16);
  const watched: Device = { ...device, gpu: spy(device.gpu) };
  const update = [net.weights[0], sub(net.weights[0], scale(net.gradients[0], 0.1))] as const;
  const program = await compile(watched, {
    inputs: { x: net.x, real: net.real },
    outputs: { loss: net.loss },
    updates: [update],
  });
  const allocated = device.memory().liveBytes - before.liveBytes - program.stats.variableBytes;
  assert.ok(
    Math.abs(program.stats.peakBytes - allocated) <= 0.1 * allocated,
    `planned ${program.stats.peakBytes}, allocated ${allocated}`,
  );
  assert.ok(program.stats.peakBytes >= program.stats.lowerBoundBytes);
  const feeds = feedsFor(net);
  for (let i = 0; i < 2; i++) await program.run(feeds);
  const afterTwo = device.memory();
  calls.length = 0;
  await program.run(feeds);
  assert.equal(
    calls.filter((name) => name.startsWith('create') && name !== 'createCommandEncoder'),
    [],
  );
  assert.is(calls.filter((name) => name === 'writeBuffer').length, 2, 'one write an input');
  for (let i = 3; i < 200; i++) await program.run(feeds, { readback: i % 50 === 0 });
  assert.equal(device.memory().liveBytes, afterTwo.liveBytes);
  assert.equal(device.memory().buffers, afterTwo.buffers);
  program.destroy();
  for (const w of net.weights) destroy(watched, w);
  assert.is(device.memory().liveBytes, before.liveBytes);
});

test('five Adam steps lower the loss, and repeat bit for bit', async () => {
  const device = await openTestDevice();
  const [one, two] = [await adamSteps(device, 5), await adamSteps(device, 5)];
  assert.ok(one.losses[4] < one.losses[0], one.losses.join(' '));
  assert.equal(one.losses, two.losses);
  one.weights.forEach((w, i) => assert.ok(sameBits(w, two.weights[i])));
  await noteDigest('five Adam steps of a small conv net', one.weights);
  one.free();
  two.free();
});

test('two runs in flight, and more, come back in order with their own inputs', async () => {
  const device = await openTestDevice();
  const x = input([4]);
  const count = variable([1]);
  const program = await compile(device, {
    inputs: { x },
    outputs: { y: mul(x, 2), n: count },
    updates: [[count, add(count, 1)]],
  });
  const feed = new Float32Array(4);
  const runs = [1, 2, 3, 4, 5].map((k) => program.run({ x: feed.fill(k) }));
  const results = await Promise.all(runs);
  results.forEach(({ y, n }, i) => {
    assert.equal(
      [...y],
      [2, 2, 2, 2].map((v) => v * (i + 1)),
    );
    assert.is(n[0], i, 'an output that is a variable shows its value from before the update');
  });
  assert.equal([...(await read(device, count))], [5]);
  program.destroy();
  destroy(device, count);
});

test('updates read the values from before the run, also in a circle', async () => {
  const device = await openTestDevice();
  const [a, b, c] = [variable([2], [1, 2]), variable([2], [3, 4]), variable([2], [5, 6])];
  const program = await compile(device, {
    updates: [
      [a, b],
      [b, a],
      [c, add(sum(a, [0]), c)],
    ],
  });
  await program.run();
  assert.equal([...(await read(device, a))], [3, 4]);
  assert.equal([...(await read(device, b))], [1, 2]);
  assert.equal([...(await read(device, c))], [8, 9]);
  write(device, a, new Float32Array([10, 20]));
  await program.run();
  assert.equal([...(await read(device, b))], [10, 20]);
  program.destroy();
  for (const w of [a, b, c]) destroy(device, w);
});

test('results stay on the device on request', async () => {
  const device = await openTestDevice();
  const x = input([3]);
  const program = await compile(device, { inputs: { x }, outputs: { y: mul(x, x) } });
  assert.equal(await program.run({ x: [1, 2, 3] }, { readback: false }), {});
  const { buffer, offset, size } = program.buffer('y');
  assert.is(size, 12);
  const [staging] = await device.allocate([{ size, usage: 9 }]);
  const encoder = device.gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  assert.equal([...new Float32Array(staging.getMappedRange())], [1, 4, 9]);
  device.release(staging);
  assert.throws(() => program.buffer('z'), /buffer: output: got z, wanted one of: y/);
  program.destroy();
});

test('more than 65,535 workgroups', async () => {
  const device = await openTestDevice();
  const side = 2051;
  const x = input([1, 1, side, side]);
  const program = await compile(device, {
    inputs: { x },
    outputs: { y: slice(reflectionPad2d(x, 1), [0, 0, side, 1], [1, 1, 1, side]), s: sum(x) },
  });
  assert.ok(
    program.stats.kernels.some(({ workgroups }) => workgroups > 65535),
    'the case is large enough',
  );
  const data = new Float32Array(side * side).map((_, i) => i % 7);
  const { y, s } = await program.run({ x: data });
  y.forEach((v, i) => assert.is(v, (side * (side - 1) + i) % 7));
  const exact = data.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(s[0] - exact) <= 1e-6 * exact, `${s[0]} for ${exact}`);
  program.destroy();
});

/** Weights [3, 3, size, size] from x itself, [2, 3, 6, 6]: no variables to free. */
const kernelOf = (x: Tensor, size = 3): Tensor =>
  concat([slice(x, [0, 0, 0, 0], [2, 3, size, size]), slice(x, [1, 0, 2, 2], [1, 3, size, size])], 0);

/** Pairs of specs that differ in one baked or fed value each: a pipeline keyed on too little would serve both. */
const PAIRS: Record<string, [(x: Tensor) => Tensor, (x: Tensor) => Tensor]> = {
  'add constant': [(x) => add(x, 1), (x) => add(x, 2)],
  'binary op': [(x) => mul(x, x), (x) => add(x, x)],
  slope: [(x) => leakyRelu(x, 0.1), (x) => leakyRelu(x, 0.5)],
  broadcast: [(x) => mul(x, mean(x)), (x) => mul(x, mean(x, [2, 3], true))],
  eps: [(x) => instanceNorm(x, { eps: 1e-5 }), (x) => instanceNorm(x, { eps: 10 })],
  padding: [(x) => reflectionPad2d(x, 1), (x) => reflectionPad2d(x, [0, 2, 1, 0])],
  'pool divisor': [
    (x) => avgPool2d(x, { kernel: 3, stride: 2, padding: 1, countIncludePad: false }),
    (x) => avgPool2d(x, { kernel: 3, stride: 2, padding: 1 }),
  ],
  upsample: [(x) => upsampleNearest2d(x, 2), (x) => upsampleNearest2d(x, 3)],
  'conv stride': [(x) => conv2d(x, kernelOf(x), null), (x) => conv2d(x, kernelOf(x), null, { stride: 2 })],
  'conv dilation': [(x) => conv2d(x, kernelOf(x), null), (x) => conv2d(x, kernelOf(x), null, { dilation: 2 })],
  'conv padding mode': [
    (x) => conv2d(x, kernelOf(x), null, { padding: 1 }),
    (x) => conv2d(x, kernelOf(x), null, { padding: 1, paddingMode: 'reflect' }),
  ],
  'conv kernel size': [(x) => conv2d(x, kernelOf(x, 3), null), (x) => conv2d(x, kernelOf(x, 2), null)],
  'conv bias': [(x) => conv2d(x, kernelOf(x), null), (x) => conv2d(x, kernelOf(x), mean(x, [0, 2, 3]))],
  'conv transposed': [
    (x) => convTranspose2d(x, kernelOf(x), null, { stride: 2 }),
    (x) => convTranspose2d(x, kernelOf(x), null, { stride: 2, padding: 1, outputPadding: 1 }),
  ],
  'conv gradients': [
    (x) => grad(sum(square(conv2d(x, kernelOf(x), null))), [x])[0],
    (x) => grad(sum(square(conv2d(x, kernelOf(x), null, { stride: 2, padding: 1 }))), [x])[0],
  ],
  'reduced axes': [(x) => sum(x, [2, 3]), (x) => sum(x, [1])],
};

for (const [name, [first, second]] of Object.entries(PAIRS)) {
  test(`pipelines: ${name}, in both orders`, async () => {
    const device = await openTestDevice();
    const data = seeded(5, 2 * 3 * 6 * 6);
    const alone = async (make: (x: Tensor) => Tensor, together?: (x: Tensor) => Tensor) => {
      const x = input([2, 3, 6, 6]);
      const outputs: Record<string, Tensor> = together ? { other: together(x), y: make(x) } : { y: make(x) };
      const program = await compile(device, { inputs: { x }, outputs });
      const result = await program.run({ x: data });
      program.destroy();
      return result.y as Float32Array;
    };
    const [a, b] = [await alone(first), await alone(second)];
    assert.not.ok(sameBits(a, b), 'the two specs differ');
    assert.ok(sameBits(await alone(first, second), a));
    assert.ok(sameBits(await alone(second, first), b));
  });
}

test('an input bound twice, and a result that takes over its operand’s memory', async () => {
  const device = await openTestDevice();
  const x = input([2, 1, 3, 5]);
  const y = mul(add(x, x), add(x, x));
  const program = await compile(device, { inputs: { x }, outputs: { y, z: concat([y, y], 1) } });
  const data = seeded(4, 30);
  const { y: got, z } = await program.run({ x: data });
  got.forEach((v, i) => assert.is(v, Math.fround(Math.fround(2 * data[i]) * Math.fround(2 * data[i]))));
  assert.equal([...z.subarray(0, 15)], [...got.subarray(0, 15)]);
  assert.equal([...z.subarray(15, 30)], [...got.subarray(0, 15)]);
  program.destroy();
});

test('what does not fit together is refused, naming it', async () => {
  const device = await openTestDevice();
  const x = input([2, 3]);
  const w = variable([3]);
  const refused = async (what: () => Promise<unknown>, pattern: RegExp) => {
    const error = await what().then(
      () => undefined,
      (e: Error) => e,
    );
    assert.ok(error, `not refused: ${pattern}`);
    assert.match(error.message, pattern);
  };
  await refused(() => compile(device, {}), /at least one output/);
  await refused(() => compile(device, { outputs: { y: add(x, 1) } }), /compile: inputs: .*\[2, 3\]/);
  await refused(() => compile(device, { inputs: { x: w }, outputs: { y: w } }), /inputs\.x/);
  await refused(
    () => compile(device, { inputs: { x }, outputs: { y: x } }, { force: { conv2d: 'plain' } }),
    /force: got conv2d, wanted one of: conv, convWeight, instanceNorm/,
  );
  await refused(
    () => compile(device, { inputs: { x }, outputs: { y: x }, updates: [[w, x]] }),
    /updates: got \[2, 3\], wanted \[3\]/,
  );
  await refused(() => compile(device, { inputs: { x }, outputs: { y: x }, updates: [[x, x]] }), /wanted a variable/);
  await refused(
    () => compile(device, { inputs: { x: input([1, 1, 200, 200]) }, outputs: { y: input([1]) } }),
    /compile: inputs/,
  );
  const big = input([1, 1, 200, 200]);
  const limits = { maxStorageBufferBindingSize: 65536 };
  await refused(
    () => compile(device, { inputs: { big }, outputs: { y: relu(big) } }, { limits }),
    /plane of \[1, 1, 200, 200\] takes 160000 bytes/,
  );
  const program = await compile(device, { inputs: { x }, outputs: { y: add(x, 1) } });
  await refused(() => program.run({}), /run: x: got nothing, wanted 6 values/);
  await refused(() => program.run({ x: new Float32Array(5) }), /run: x: got 5 values, wanted 6/);
  await refused(() => program.run({ x: new Float32Array(6), q: 1 }), /run: q/);
  program.destroy();
  await refused(() => program.run({ x: new Float32Array(6) }), /destroyed/);
});

test('a run tells how far it is, submit by submit', async () => {
  const device = await openTestDevice();
  const slow: typeof device = { ...device, profile: { ...device.profile, gbps: 1e-9 } };
  const x = input([1, 3, 8, 8]);
  const program = await compile(slow, { inputs: { x }, outputs: { y: instanceNorm(add(x, 1)) } });
  const { submits } = program.stats;
  assert.ok(submits > 1);
  const shares: number[] = [];
  await program.run({ x: new Float32Array(192) }, { onProgress: (share) => void shares.push(share) });
  await device.gpu.queue.onSubmittedWorkDone();
  await new Promise((done) => setTimeout(done));
  assert.equal(
    shares,
    Array.from({ length: submits }, (_, i) => (i + 1) / submits),
  );
  program.destroy();
});

test('region ids are checked on the host before a run', async () => {
  const device = await openTestDevice();
  const [x, ids] = [input([1, 2, 2, 2]), input([1, 1, 2, 2], 'i32')];
  const program = await compile(device, { inputs: { x, ids }, outputs: { y: regionMean(x, ids, 2) } });
  const { y } = await program.run({ x: [1, 2, 3, 4, 5, 6, 7, 8], ids: [0, 1, 1, 0] });
  assert.equal([...y], [2.5, 2.5, 2.5, 2.5, 6.5, 6.5, 6.5, 6.5]);
  const error = await program.run({ x: new Float32Array(8), ids: [0, 1, 2, 0] }).then(
    () => undefined,
    (e: Error) => e,
  );
  assert.match(error?.message ?? '', /2/);
  program.destroy();
});

test('stats and profile name every kernel', async () => {
  const device = await openTestDevice();
  const net = smallNet(4, 16);
  const program = await compile(device, { inputs: { x: net.x, real: net.real }, outputs: { loss: net.loss } });
  const { stats } = program;
  assert.is(stats.kernels.length, stats.dispatches);
  assert.ok(stats.pipelines <= stats.dispatches && stats.flops > 0);
  const rows = await program.profile(feedsFor(net));
  assert.is(rows.length, stats.dispatches);
  assert.ok(rows.every(({ op, candidate, ms }) => op && candidate && ms >= 0));
  program.destroy();
  for (const w of net.weights) destroy(device, w);
});

test.run();
