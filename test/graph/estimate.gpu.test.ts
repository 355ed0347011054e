// Memory before anything runs: the estimate is what compiling then allocates, and running out of memory leaves nothing behind.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OutOfMemoryError } from '../../src/device/errors.js';
import {
  type Arena,
  compile,
  conv2d,
  createArena,
  destroy,
  grad,
  input,
  mean,
  type ProgramSpec,
  relu,
  scale,
  square,
  sub,
  type Tensor,
  variable,
} from '../../src/engine.js';
import { MemoryError } from '../../src/errors.js';
import { estimateMemory } from '../../src/graph/estimate.js';
import { openTestDevice } from '../support/device.js';

const test = suite('estimate');

/** Two programs of different sizes over the same weights, and momentum as the optimiser's tensors. */
function training() {
  const weights = [variable([16, 3, 3, 3]), variable([8, 16, 3, 3])];
  const momentum = weights.map((w) => variable(w.shape));
  const forward = (x: Tensor) => weights.reduce((h, w) => relu(conv2d(h, w, null, { padding: 1 })), x);
  const x = input([2, 3, 40, 56]);
  const loss = mean(square(forward(x)));
  const updates = grad(loss, weights).flatMap((g, i) => {
    const next = sub(scale(momentum[i]!, 0.9), g);
    return [[momentum[i]!, next] as const];
  });
  const small = input([1, 3, 24, 24]);
  const specs: ProgramSpec[] = [
    { inputs: { x }, outputs: { loss }, updates },
    { inputs: { small }, outputs: { y: forward(small) } },
  ];
  return { specs, variables: [...weights, ...momentum], optimizer: new Set(momentum) };
}

async function compiled(specs: ProgramSpec[], arena: Arena) {
  const device = await openTestDevice();
  const programs = [];
  for (const spec of specs) programs.push(await compile(device, spec, { arena }));
  return programs;
}

test('is what compiling allocates, part by part', async () => {
  const device = await openTestDevice();
  const before = device.memory();
  const { specs, variables, optimizer } = training();
  const estimate = await estimateMemory(device, specs, {}, optimizer);
  assert.equal(device.memory(), before, 'an estimate allocates');
  const arena = createArena(device);
  const programs = await compiled(specs, arena);
  const saving = 4 * 8 * 144; // the largest variable, while it is read
  assert.is(estimate.peakBytes, device.memory().liveBytes - before.liveBytes + saving);
  assert.is(estimate.lowerBoundBytes, programs[0]!.stats.lowerBoundBytes);
  assert.is(estimate.weightBytes, 4 * (16 * 27 + 8 * 144));
  assert.is(estimate.optimizerBytes, estimate.weightBytes);
  const { weightBytes, optimizerBytes, gradientBytes, activationBytes, scratchBytes, otherBytes } = estimate;
  const parts = weightBytes + optimizerBytes + gradientBytes + activationBytes + scratchBytes + otherBytes;
  assert.is(parts, estimate.peakBytes);
  assert.ok(activationBytes > 0);
  for (const program of programs) program.destroy();
  arena.destroy();
  for (const v of variables) destroy(device, v);
  assert.is(device.memory().liveBytes, before.liveBytes);
});

test('a device that runs out of memory at any allocation keeps nothing of the program', async () => {
  const device = await openTestDevice();
  const before = device.memory();
  for (let fails = 0; ; fails++) {
    let count = 0;
    const poor: typeof device = {
      ...device,
      async allocate(descriptors) {
        if (count++ === fails) throw new OutOfMemoryError('planted', 1);
        return device.allocate(descriptors);
      },
    };
    const { specs, variables } = training();
    const error = await compile(poor, specs[0]!).then(
      (program) => void program.destroy(),
      (e: Error) => e,
    );
    for (const v of variables) destroy(poor, v);
    assert.is(device.memory().liveBytes, before.liveBytes, `after allocation ${fails}`);
    if (!error) {
      assert.ok(fails >= 4, `${fails} allocations only`);
      break;
    }
    assert.instance(error, OutOfMemoryError);
  }
});

test('what no device can hold is refused by type, with the next step', async () => {
  const device = await openTestDevice();
  const big = input([1, 1, 400, 400]);
  const limits = { maxStorageBufferBindingSize: 65_536 };
  const refused = async (make: () => Promise<unknown>, why: RegExp) => {
    const error = await make().then(
      () => undefined,
      (e: Error) => e,
    );
    assert.instance(error, MemoryError);
    assert.match(error!.message, why);
  };
  await refused(
    () => compile(device, { inputs: { big }, outputs: { y: relu(big) } }, { limits }),
    /plane of \[1, 1, 400, 400\] takes 640000 bytes.*smaller pictures/,
  );
  const w = variable([100, 100, 3, 3]);
  const x = input([1, 100, 8, 8]);
  await refused(
    () => compile(device, { inputs: { x }, outputs: { y: conv2d(x, w) } }, { limits: { maxBufferSize: 300_000 } }),
    /weights of \[100, 100, 3, 3\] take 360000 bytes.*fewer filters/,
  );
  await refused(async () => input([2, 1024, 1024, 1024]), /at most 2147483647 elements/);
});

test.run();
