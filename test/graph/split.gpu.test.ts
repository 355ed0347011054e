// Parts of a batch without copies, and the way back through the first of them alone.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  add,
  avgPool2d,
  compile,
  conv2d,
  grad,
  input,
  instanceNorm,
  l1Loss,
  leakyRelu,
  mean,
  mul,
  scale,
  slice,
  square,
  sum,
  type Tensor,
} from '../../src/engine.js';
import { gradOfFirst } from '../../src/graph/autograd.js';
import { sizeOf } from '../../src/graph/chunks.js';
import { split } from '../../src/graph/ops/shape.js';
import type { CompileOptions } from '../../src/graph/program.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';

const test = suite('split');

async function run(inputs: Record<string, Tensor>, outputs: Record<string, Tensor>, options?: CompileOptions) {
  const program = await compile(await openTestDevice(), { inputs, outputs }, options);
  const random = randomFrom(5);
  const feeds = Object.entries(inputs).map(
    ([name, { shape }]) => [name, Float32Array.from(values(random, [...shape]).data)] as const,
  );
  const found = await program.run(Object.fromEntries(feeds));
  const { dispatches } = program.stats;
  program.destroy();
  return { found, dispatches };
}

const part = (x: Tensor, count: number, k: number): Tensor =>
  slice(x, [k * count, ...x.shape.slice(1).map(() => 0)], [count, ...x.shape.slice(1)]);

// 64 floats are where a binding may begin, but 64 halves are not.
const SHAPES: [name: string, shape: number[]][] = [
  ['at a binding', [4, 32, 4, 8]],
  ['at a binding of floats alone', [2, 64, 3, 3]],
  ['elsewhere', [6, 3, 15, 5]],
];

for (const [name, shape] of SHAPES) {
  const count = shape[0]! / 2;
  for (const precision of ['f32', 'f16'] as const) {
    test(`parts ${name} are the slices, ${precision}`, async () => {
      const x = input(shape);
      const wide = scale(x, 1.5);
      const halves = split(wide, count);
      const outputs = Object.fromEntries(
        halves.flatMap((half, k) => [
          [`part${k}`, mul(half, half)],
          [`slice${k}`, square(part(wide, count, k))],
        ]),
      );
      const { found } = await run({ x }, outputs, { precision });
      for (const k of [0, 1]) {
        assert.ok(found[`part${k}`]!.some((value) => value !== 0));
        assert.equal(found[`part${k}`], found[`slice${k}`]);
      }
    });
  }

  test(`a gradient through both parts ${name} is that through slices`, async () => {
    const x = input(shape);
    const loss = (a: Tensor, b: Tensor) => add(sum(square(a)), scale(sum(b), 3));
    const [a, b] = split(x, count) as [Tensor, Tensor];
    const [parts] = grad(loss(a, b), [x]);
    const [slices] = grad(loss(part(x, count, 0), part(x, count, 1)), [x]);
    const { found } = await run({ x }, { parts: parts!, slices: slices! });
    assert.equal(found.parts, found.slices);
  });
}

test('parts that begin at bindings are no dispatches, and may be outputs', async () => {
  const x = input([2, 64, 1, 3]);
  const [a, b] = split(scale(x, 2), 1) as [Tensor, Tensor];
  const { found, dispatches } = await run({ x }, { a, b });
  assert.is(dispatches, 1);
  assert.not.equal(found.a, found.b);
  assert.is(found.a!.length, 192);
});

for (const channels of [64, 3]) {
  for (const count of [1, 2]) {
    test(`the way back through the first ${count} of a batch, ${channels} channels`, async () => {
      const [x, w, v] = [input([2 * count, 2, 10, 6]), input([channels, 2, 3, 3]), input([2, channels, 3, 3])];
      const y = leakyRelu(instanceNorm(conv2d(x, w, null, { padding: 1, stride: 2 })), 0.2);
      const z = conv2d(avgPool2d(y, { kernel: 2, stride: 1 }), v, null, { padding: 1 });
      const [ofY, ofZ] = [split(y, count), split(z, count)] as [[Tensor, Tensor], [Tensor, Tensor]];
      const loss = add(mean(square(ofZ[0])), l1Loss(ofY[0], scale(ofY[0], 0.5)));
      const first = gradOfFirst(loss, x, count);
      const [all] = grad(loss, [x]);
      assert.equal(first.shape, [count, 2, 10, 6]);
      const { found } = await run({ x, w, v }, { first, all: all! });
      const size = sizeOf(first.shape);
      assert.ok(found.first!.some((value) => value !== 0));
      // Kernels for fewer samples may add in another order.
      const largest = Math.max(...found.all!.map(Math.abs));
      found.first!.forEach((value, i) => {
        const want = found.all![i]!;
        assert.ok(Math.abs(value - want) <= 1e-5 * largest, `[${i}]: ${value}, of the whole batch ${want}`);
      });
      assert.ok(found.all!.slice(size).every((value) => value === 0));
    });
  }
}

test('refuses parts of other sizes', () => {
  assert.throws(
    () => split(input([3, 2]), 2),
    /split: count: got 2, wanted a number that divides the first of \[3, 2\]/,
  );
});

test.run();
