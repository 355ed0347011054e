// A first layer on labels by looking weights up, against the convolution of the same one-hot planes: several blocks of channels, ids that
// are no class, and the same bits whole and cut into parts. Two pictures on the same labels share the lookup.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  type Conv2dOptions,
  compile,
  concat,
  conv2d,
  grad,
  input,
  mul,
  oneHot,
  sum,
  type Tensor,
} from '../../src/engine.js';
import { convolve } from '../../src/nets/labelled.js';
import { openTestDevice } from '../support/device.js';
import { ids, randomFrom, values } from '../support/random.js';

const CLASSES = 9;
const OTHERS = 2;
const EXTENT = [2, 11, 14] as const;
const LAYERS: Record<string, { w: number[]; options: Conv2dOptions }> = {
  'mirrored, stride 1': { w: [70, CLASSES + OTHERS, 3, 5], options: { padding: [1, 2], paddingMode: 'reflect' } },
  'zeros, stride 2': { w: [33, CLASSES + OTHERS, 4, 4], options: { padding: 2, stride: 2 } },
};

type Convolve = typeof convolve;

async function run({ w: shape, options }: (typeof LAYERS)[string], by: Convolve, compiling: CompileOptions = {}) {
  const r = randomFrom(91);
  const [n, height, width] = EXTENT;
  const [labels, others, w] = [input([n, 1, height, width], 'i32'), input([n, OTHERS, height, width]), input(shape)];
  const y = by(concat([oneHot(labels, CLASSES), others], 1), w, null, options);
  const dy = input(y.shape);
  const [dw] = grad(sum(mul(y, dy)), [w]) as [Tensor];
  const inputs = { labels, others, w, dy };
  const program = await compile(
    await openTestDevice(),
    { inputs, outputs: { y, dw } },
    { guardBytes: 512, ...compiling },
  );
  const floats = (of: readonly number[]) => Float32Array.from(values(r, [...of]).data);
  const result = await program.run({
    labels: Int32Array.from(ids(r, [n, 1, height, width], CLASSES + 1).data),
    others: floats(others.shape),
    w: floats(w.shape),
    dy: floats(y.shape),
  });
  program.destroy();
  return { found: [result.y, result.dw] as Float32Array[], dispatches: program.stats.dispatches };
}

const largest = (list: Float32Array): number => list.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

const test = suite('conv: labels looked up');

for (const [name, layer] of Object.entries(LAYERS)) {
  test(name, async () => {
    const { found: planes } = await run(layer, conv2d);
    const { found, dispatches } = await run(layer, convolve);
    found.forEach((result, i) => {
      const off = largest(result.map((v, k) => v - planes[i]![k]!));
      assert.ok(off <= 1e-5 * largest(planes[i]!), `result ${i}: off by ${off}`);
    });
    const bytes = 32768;
    const limits = { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 512 };
    const split = await run(layer, convolve, { limits });
    assert.ok(split.dispatches > dispatches, 'the case is cut');
    assert.equal(split.found, found, 'split');
  });
}

test('two pictures on the same labels look them up once', () => {
  const labels = input([1, 1, 8, 8], 'i32');
  const w = input([8, CLASSES + OTHERS, 3, 3]);
  const [a, b] = [0, 1].map(() =>
    convolve(concat([oneHot(labels, CLASSES), input([1, OTHERS, 8, 8])], 1), w, null, {}),
  );
  assert.is(a!.node.inputs[0], b!.node.inputs[0]);
});

test.run();
