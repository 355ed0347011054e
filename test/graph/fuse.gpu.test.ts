// Fused programs: the same bits as with a kernel an op, in fewer dispatches.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  abs,
  adam,
  add,
  avgPool2d,
  type CompileOptions,
  compile,
  concat,
  conv2d,
  convTranspose2d,
  full,
  grad,
  instanceNorm,
  l1Loss,
  leakyRelu,
  mean,
  mseLoss,
  mul,
  read,
  relu,
  scale,
  square,
  sum,
  type Tensor,
  tanh,
  variable,
} from '../../src/engine.js';
import { split } from '../../src/graph/ops/shape.js';
import { variablesBeside } from '../../src/graph/ops/source.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom } from '../support/random.js';

const test = suite('fuse');

/** A variable of numbers in [−1, 1), some of them 0. */
function drawn(seed: number, ...shape: number[]): Tensor {
  const random = randomFrom(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return variable(shape, () =>
    Float32Array.from({ length: size }, () => (random.chance(0.1) ? 0 : random.uniform(-1, 1))),
  );
}

/** The numbers of `drawn` without their signs, as second moments are. */
const positive = (seed: number, shape: readonly number[]) => () => {
  const random = randomFrom(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(0, 1));
};

type Values = Float32Array | Int32Array;

/** How many words of two results differ. */
function differences(a: Values, b: Values): number {
  const [ours, theirs] = [a, b].map(({ buffer }) => new Uint32Array(buffer)) as [Uint32Array, Uint32Array];
  assert.is(ours.length, theirs.length);
  return ours.filter((word, i) => word !== theirs[i]).length;
}

/** Dispatches with and without fusion of a program whose results are the same bits both ways. */
async function counts(outputs: Record<string, Tensor>, options: CompileOptions = {}): Promise<[number, number]> {
  const device = await openTestDevice();
  const [fused, plain] = await Promise.all(
    [true, false].map((fuse) => compile(device, { outputs }, { ...options, fuse })),
  );
  const [a, b] = [await fused!.run(), await plain!.run()];
  for (const name of Object.keys(outputs)) {
    assert.ok(
      a[name]!.some((value) => value !== 0),
      `${name} is not empty`,
    );
    assert.is(differences(a[name]!, b[name]!), 0, name);
  }
  const found: [number, number] = [fused!.stats.dispatches, plain!.stats.dispatches];
  fused!.destroy();
  plain!.destroy();
  return found;
}

test('a chain of elementwise ops is one kernel, whatever broadcasts', async () => {
  const [x, row, column, one] = [drawn(1, 3, 5, 7), drawn(2, 7), drawn(3, 5, 1), drawn(4, 1)];
  const y = leakyRelu(mul(add(scale(x, 2), mul(row, 1.5)), add(column, one)), 0.2);
  assert.equal(await counts({ y: add(square(y), y) }), [3, 8]);
});

test('what is shown stays: an inner value that is an output', async () => {
  const x = drawn(5, 4, 9);
  const inner = scale(x, 3);
  assert.equal(await counts({ inner, y: relu(inner) }), [2, 2]);
});

test('more operands than bindings make more kernels', async () => {
  const terms = Array.from({ length: 12 }, (_, i) => drawn(10 + i, 6));
  assert.equal(await counts({ y: terms.reduce((a, b) => add(a, b)) }), [2, 11]);
});

for (const side of [8, 7]) {
  for (const candidate of ['plane', 'lanes']) {
    const force = { instanceNorm: candidate, instanceNormGrad: candidate };
    const once = candidate === 'plane' ? 1 : 3;

    test(`activation and residual sum in the norm that makes them, ${candidate}, ${side}²`, async () => {
      const [x, skip, weight] = [drawn(30, 2, 3, side, side), drawn(31, 2, 3, side, side), drawn(32, 1)];
      const y = add(mul(skip, weight), leakyRelu(instanceNorm(x), 0.2));
      const [fused, plain] = await counts(
        { y: add(skip, tanh(instanceNorm(x))), z: relu(instanceNorm(skip)) },
        { force },
      );
      assert.equal([fused, plain], [2 * once, 2 * once + 3]);
      assert.equal(await counts({ y }, { force }), [once, once + 3]);
    });

    test(`gradients of activation and feature matching in the norm's, ${candidate}, ${side}²`, async () => {
      const [x, real] = [drawn(33, 1, 3, side, side), drawn(34, 1, 3, side, side)];
      const y = leakyRelu(instanceNorm(x), 0.2);
      const loss = add(l1Loss(y, real), mean(square(y)));
      const [fused, plain] = await counts({ y, dx: grad(loss, [x])[0]! }, { force });
      assert.equal([fused, plain], [2 * once, 2 * once + 7]);
    });
  }
}

/** The reference kernel has no hook: there the activation is a dispatch behind it. The last three also prepare their sums in one dispatch, not two. */
const SAVED = { plain: 0, 'direct-2x2': 1, 'quads-1x1x4': 2, 'winograd-1x4': 2, 'phases-1x1x4': 2 };

for (const conv of ['plain', 'direct-2x2', 'quads-1x1x4', 'winograd-1x4'] as const) {
  test(`activations in the convolution that makes them, ${conv}`, async () => {
    const [x, w, b] = [drawn(40, 1, 3, 9, 10), drawn(41, 4, 3, 3, 3), drawn(42, 4)];
    const y = leakyRelu(conv2d(x, w, b, { padding: 1 }), 0.2);
    const [fused, plain] = await counts({ y }, { force: { conv } });
    assert.is(plain - fused, SAVED[conv]);
  });
}

for (const conv of ['direct-2x2', 'phases-1x1x4'] as const) {
  test(`an activation in every phase of a transposed convolution, ${conv}`, async () => {
    const [x, w] = [drawn(43, 1, 3, 5, 4), drawn(44, 3, 2, 3, 3)];
    const y = tanh(convTranspose2d(x, w, null, { stride: 2, padding: 1, outputPadding: 1 }));
    const [fused, plain] = await counts({ y }, { force: { conv } });
    assert.is(plain - fused, SAVED[conv]);
  });
}

test('a residual sum of gradients in the fold of a mirrored border', async () => {
  const [x, w] = [drawn(50, 1, 4, 8, 8), drawn(51, 4, 4, 3, 3)];
  const y = add(x, conv2d(x, w, null, { padding: 1, paddingMode: 'reflect' }));
  const [fused, plain] = await counts({ dx: grad(mean(square(y)), [x])[0]! }, { force: { conv: 'direct-2x2' } });
  assert.is(plain - fused, 4);
});

test('an update reads what its variable held, folded or not', async () => {
  const device = await openTestDevice();
  const results: Values[] = [];
  for (const fuse of [true, false]) {
    const [w, x] = [drawn(60, 2, 3, 8, 8), drawn(61, 2, 3, 8, 8)];
    const program = await compile(
      device,
      { outputs: { s: sum(w) }, updates: [[w, add(w, relu(instanceNorm(x)))]] },
      { fuse },
    );
    results.push((await program.run()).s!, (await program.run()).s!);
    program.destroy();
  }
  assert.equal(results.slice(0, 2), results.slice(2));
});

test('a gradient of one part of a concatenation alone is the same bits as that of all', async () => {
  const [a, b, w, v] = [drawn(90, 1, 3, 8, 8), drawn(91, 1, 2, 8, 8), drawn(92, 4, 5, 3, 3), drawn(93, 2, 5, 3, 3)];
  const x = concat([a, b], 1);
  const mirrored = conv2d(x, w, null, { padding: 1, paddingMode: 'reflect' });
  const coarse = conv2d(avgPool2d(x, { kernel: 2 }), v, null, { padding: 1 });
  const loss = add(mean(square(mirrored)), mean(square(coarse)));
  const results: Values[] = [];
  let flops = Number.POSITIVE_INFINITY;
  for (const wanted of [[a, b], [b]]) {
    const db = grad(loss, wanted).at(-1)!;
    const program = await compile(await openTestDevice(), { outputs: { db } }, { force: { conv: 'direct-2x2' } });
    results.push((await program.run()).db!);
    assert.ok(program.stats.flops < flops);
    flops = program.stats.flops;
    program.destroy();
  }
  assert.is(differences(results[0]!, results[1]!), 0);
});

test('parts of a concatenation are made in their place, wherever that begins', async () => {
  const [a, b, c] = [drawn(140, 1, 3, 5, 5), drawn(141, 1, 2, 5, 5), drawn(142, 1, 3, 5, 5)];
  const parts = [relu(a), scale(b, 2), instanceNorm(c)];
  const saved = async (outputs: Record<string, Tensor>): Promise<number> => {
    const [fused, plain] = await counts(outputs, { guardBytes: 64 });
    return plain - fused;
  };
  const rest = { v: sum(parts[0]!), w: mean(square(parts[1]!)) };
  // The norm's kernel writes where a binding may begin alone: its part is copied.
  assert.is(await saved({ y: sum(concat(parts, 1)), ...rest }), 2);
  assert.is(await saved({ y: sum(concat([parts[2]!, ...parts.slice(0, 2)], 1)), ...rest }), 3);
  assert.is(await saved({ y: sum(concat(parts, 1)), part: parts[0]! }), 1);
  // A second copy is bound beside the first one, which works where bindings do not overlap.
  assert.is(await saved({ y: sum(concat([parts[1]!, parts[1]!], 1)) }), 0);
  const plane = relu(drawn(143, 1, 2, 8, 8));
  assert.is(await saved({ y: sum(concat([plane, plane], 1)) }), 1);
  assert.is(await saved({ y: sum(concat([a, c], 1)), z: concat([parts[0]!, c], 1) }), 0);
  assert.is(await saved({ y: sum(concat([concat(parts.slice(0, 2), 1), parts[2]!], 1)) }), 3);
});

test('parts of a batch are read in their place, but by what reads two of them', async () => {
  const [first, second] = split(instanceNorm(drawn(150, 2, 1, 7, 5)), 1) as [Tensor, Tensor];
  const apart = { a: mean(square(first)), b: sum(scale(second, 3)) };
  const [fused, plain] = await counts(apart, { guardBytes: 64 });
  assert.is(plain - fused, 2);
  const [copied, all] = await counts({ ...apart, c: mul(first, second) }, { guardBytes: 64 });
  assert.is(all - copied, 0);
});

for (const skip of [0, 1]) {
  test(`Adam on parameters whose moments share a buffer is one dispatch${skip ? ', and may change nothing' : ''}`, async () => {
    const device = await openTestDevice();
    const results: { counted: number; left: Float32Array[] }[] = [];
    for (const fuse of [true, false]) {
      const shapes = [[2, 3, 4], [16, 3, 3, 4], [4], [7], [1, 3]];
      const [wide, odd] = [shapes.slice(0, 3), shapes.slice(3)].map((group) =>
        variablesBeside(
          group.flatMap((shape, k) =>
            [shape, shape].map((of, i) => ({ shape: of, data: positive(110 + 2 * k + i, of) })),
          ),
        ),
      );
      const moments = [...wide!, ...odd!];
      const scalars = {
        lr: full([], 0.1),
        correction1: full([], 0.5),
        correction2: full([], 0.1),
        skip: full([], skip),
        unscale: full([], 0.5),
      };
      const updates = shapes.flatMap((shape, k): [Tensor, Tensor][] => {
        const [w, m, v] = [drawn(120 + k, ...shape), moments[2 * k]!, moments[2 * k + 1]!];
        const next = adam(w, scale(drawn(130 + k, ...shape), 3), m, v, scalars);
        return [
          [w, next.w],
          [m, next.m],
          [v, next.v],
        ];
      });
      const program = await compile(device, { updates }, { fuse, guardBytes: 64 });
      await program.run();
      await program.run();
      assert.is(await program.guards(), 0);
      const left = await Promise.all(updates.map(([variable]) => read(device, variable)));
      results.push({ counted: program.stats.kernels.filter(({ op }) => op === 'adam').length, left });
      program.destroy();
    }
    const [joined, single] = results as [(typeof results)[0], (typeof results)[0]];
    assert.equal([joined.counted, single.counted], [2, 5]);
    assert.equal(joined.left, single.left);
    assert.ok(joined.left.every((values) => values.every((value) => Number.isFinite(value))));
  });
}

test('sums that meet end where they meet, but for one that is shown', async () => {
  const loss = (seed: number, ...shape: number[]) => l1Loss(drawn(seed, ...shape), drawn(seed + 1, ...shape));
  const [a, b, c] = [loss(100, 1, 3, 40, 41), loss(102, 300, 20), loss(104, 70_001)];
  const y = scale(add(add(a, b), c), 3);
  assert.equal(await counts({ y }), [4, 9]);
  assert.equal(await counts({ y, c }), [5, 9]);
  assert.equal(await counts({ twice: add(a, a) }), [2, 3]);
  const small = [160, 161].map((seed) => mseLoss(relu(drawn(seed, 1, 1, 7, 5)), 1));
  assert.equal(await counts({ y: scale(small.reduce(add), 0.5) }), [3, 6]);
});

/** Dispatches of a convolution with and without horizontal fusion. */
const PREPARED: Record<string, [fused: number, plain: number]> = {
  'quads-2x1x16': [2, 3],
  'winograd-1x32': [3, 4],
  'winograd-channels-8x2': [3, 4],
  // Weights alone.
  'direct-2x2': [2, 2],
};

test('what a convolution prepares its sums with is one dispatch', async () => {
  const [x, w, b] = [drawn(170, 2, 6, 9, 11), drawn(171, 40, 6, 3, 3), drawn(172, 40)];
  for (const [conv, expected] of Object.entries(PREPARED)) {
    for (const precision of ['f32', 'f16'] as const) {
      const y = conv2d(x, w, b, { padding: 1, paddingMode: 'reflect' });
      assert.equal(await counts({ y }, { force: { conv }, precision }), expected, `${conv} ${precision}`);
    }
  }
  const [labels, kernels] = [drawn(173, 1, 6, 12, 14), drawn(174, 36, 6, 4, 4)];
  const strided = conv2d(labels, kernels, undefined, { stride: 2, padding: 1 });
  assert.equal(await counts({ strided }, { force: { conv: 'polyphase-1x32' } }), [3, 4]);
  const [dw] = grad(sum(mul(strided, drawn(175, ...strided.shape))), [kernels]);
  const force = { conv: 'polyphase-1x32', convWeight: 'polyphase-1x32' };
  const [fused, plain] = await counts({ dw: dw! }, { force });
  assert.ok(plain - fused >= 1, `${fused} of ${plain}`);
});

test('two preparations by one kernel stay apart, so that pictures of any size have the same pipelines', async () => {
  const device = await openTestDevice();
  const w = drawn(177, 16, 6, 3, 3);
  const candidates = async (width: number) => {
    const y = conv2d(drawn(176, 1, 6, 9, width), w, undefined, { padding: 1 });
    const [dw] = grad(sum(mul(y, drawn(178, ...y.shape))), [w]);
    const program = await compile(device, { outputs: { dw: dw! } }, { force: { convWeight: 'quads-8' } });
    program.destroy();
    return program.stats.kernels.map(({ candidate }) => candidate);
  };
  const ofRows = await candidates(11); // of dy too, whose rows are no whole vec4
  assert.equal([...new Set(ofRows)], [...new Set(await candidates(12))]);
});

test('weights that two convolutions read are packed once, and no peak rises', async () => {
  const [a, b, w] = [drawn(80, 1, 3, 9, 9), drawn(81, 1, 3, 9, 9), drawn(82, 4, 3, 3, 3)];
  const outputs = { a: conv2d(a, w), b: conv2d(b, w) };
  const force = { conv: 'direct-2x2' };
  assert.equal(await counts(outputs, { force }), [3, 4]);
  const device = await openTestDevice();
  const [shared, own] = await Promise.all([true, false].map((fuse) => compile(device, { outputs }, { force, fuse })));
  assert.ok(shared!.stats.lowerBoundBytes <= own!.stats.lowerBoundBytes);
  for (const program of [shared!, own!]) program.destroy();
});

test('tensors cut for small bindings fold nothing and give the same bits', async () => {
  const x = drawn(70, 2, 8, 16, 16);
  const y = relu(instanceNorm(x));
  const limits = { maxStorageBufferBindingSize: 8 * 1024 };
  const [cut, plain] = await counts({ y, a: abs(scale(x, 2)) }, { limits });
  assert.is(cut, plain);
});

test.run();
