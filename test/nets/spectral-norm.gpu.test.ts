import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, read, type Tensor, variable } from '../../src/engine.js';
import { spectrallyNormed } from '../../src/nets/spectral-norm.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom } from '../support/random.js';

const test = suite('spectral norm');

const SHAPE = [4, 3, 2, 2];
const [ROWS, COLUMNS] = [4, 12];

/** Largest singular value, by power iteration in double until nothing moves. */
function largest(w: ArrayLike<number>): number {
  let v = Array.from({ length: COLUMNS }, (_, i) => 1 + i / 7);
  let sigma = 0;
  for (let step = 0; step < 2000; step++) {
    const u = Array.from({ length: ROWS }, (_, r) => v.reduce((s, x, c) => s + x * w[r * COLUMNS + c]!, 0));
    v = v.map((_, c) => u.reduce((s, x, r) => s + x * w[r * COLUMNS + c]!, 0));
    const length = Math.hypot(...v);
    sigma = Math.sqrt(length);
    v = v.map((x) => x / length);
  }
  return sigma;
}

test('after some steps the largest singular value is 1, and other tensors stay as they are', async () => {
  const device = await openTestDevice();
  const random = randomFrom(3);
  const data = Float32Array.from({ length: ROWS * COLUMNS }, () => random.uniform(-1, 1));
  const [w, b] = [variable(SHAPE, data), variable([4], Float32Array.of(1, 2, 3, 4))];
  const u = variable([1, ROWS, 1, 1], Float32Array.of(1, 0, 0, 0));
  const given = (name: string): Tensor => (name === 'w' ? w : b);
  const { params, updates } = spectrallyNormed(given, { w: u });
  assert.is(params('b'), b);
  const program = await compile(device, { inputs: {}, outputs: { normed: params('w') }, updates });
  let normed: ArrayLike<number> = [];
  for (let step = 0; step < 60; step++) normed = (await program.run({})).normed!;
  program.destroy();
  const sigma = largest(data);
  data.forEach((value, i) => {
    assert.ok(Math.abs(normed[i]! - value / sigma) < 1e-5, `${i}: got ${normed[i]}, wanted ${value / sigma}`);
  });
  assert.ok(Math.abs(Math.hypot(...(await read(device, u))) - 1) < 1e-5);
  assert.ok(Math.abs(largest(normed) - 1) < 1e-5);
});

test.run();
