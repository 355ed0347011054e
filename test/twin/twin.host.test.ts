import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import units from '../golden/units.json';
import { closeTo } from '../support/bounds.js';
import { type Case, cases, twinGradients, valuesOf } from '../support/cases/index.js';
import type { Ops } from '../support/ops.js';
import { randomFrom, values } from '../support/random.js';
import { gradients } from './gradients.js';
import * as twin from './index.js';
import { type Arr, arr, map, sizeOf } from './index.js';

const ops: Ops<Arr> = twin;

const image = (rows: number[][]): Arr => arr([1, 1, rows.length, rows[0].length], rows.flat());
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

// ---- golden unit vectors, produced by the reference networks' framework

const golden = suite('twin: golden unit vectors');
const pyramid = { kernel: 3, stride: 2, padding: 1, countIncludePad: false };

golden('average pool 4×4', () => {
  closeTo(twin.avgPool2d(arr([1, 1, 4, 4], upTo(16)), pyramid).data, image(units.avgPool4x4), 0, 'avgPool4x4');
});

golden('average pool 5×5', () => {
  closeTo(twin.avgPool2d(arr([1, 1, 5, 5], upTo(25)), pyramid).data, image(units.avgPool5x5), 0, 'avgPool5x5');
});

golden('transposed convolution', () => {
  const x = image([[1, 2], [3, 4]]); // biome-ignore format: a picture
  const w = arr([1, 1, 3, 3], upTo(9).map((i) => i + 1)); // biome-ignore format: a picture
  const y = twin.convTranspose2d(x, w, null, { stride: 2, padding: 1, outputPadding: 1 });
  closeTo(y.data, image(units.convTranspose2x2), 0, 'convTranspose2x2');
});

golden('reflection', () => {
  const y = twin.reflectionPad2d(arr([1, 1, 1, 4], upTo(4)), [0, 3]);
  closeTo(y.data, image([units.reflect3Row]), 0, 'reflect3Row');
});

golden('instance edges', () => {
  closeTo(twin.instanceEdges(image(units.edgeIds)).data, image(units.edges4x4), 0, 'edges4x4');
});

golden('instance norm', () => {
  const y = twin.instanceNorm(image([[1, 2], [3, 4]])); // biome-ignore format: a picture
  closeTo(y.data, image(units.instanceNorm1to4), 1e-15, 'instanceNorm1to4');
});

golden.run();

// ---- central differences

const differences = suite('twin: gradients against central differences');

/** A dot product with dy makes a scalar of any op. */
const project = (c: Case, operands: Arr[], dy: Arr): number =>
  c.call<Arr, Arr>(ops, operands).data.reduce((sum, v, i) => sum + v * dy.data[i], 0);

/** The slope of that scalar in one element of one operand. */
function slope(c: Case, dy: Arr, which: number, element: number): number {
  const step = 1e-5;
  const moved = (by: number) =>
    valuesOf(c).map((x, k) => (k === which ? map(x, (v, i) => (i === element ? v + by : v)) : x));
  return (project(c, moved(step), dy) - project(c, moved(-step), dy)) / (2 * step);
}

/** Checks up to eight elements of every differentiable operand. */
function check(c: Case, seed: number): void {
  const r = randomFrom(seed);
  const y = c.call<Arr, Arr>(ops, valuesOf(c));
  const dy = values(r, y.shape);
  const found = twinGradients(c, dy);
  const live = c.operands.flatMap((operand, which) => (operand.differentiable ? [which] : []));
  assert.is(found.length, live.length, `${c.op}: gradients of ${JSON.stringify(c.spec)}`);
  live.forEach((which, k) => {
    const size = sizeOf(found[k].shape);
    const picks = upTo(Math.min(8, size)).map(() => r.int(0, size - 1));
    const wanted = arr([picks.length], picks.map((i) => slope(c, dy, which, i))); // biome-ignore format: one thing
    // step² from the third derivative, rounding/step from the doubles: both far below 1e-6 of values near 1
    const bound = map(wanted, (v) => 1e-6 * (1 + Math.abs(v)));
    const got = picks.map((i) => found[k].data[i]);
    closeTo(got, wanted, bound, `${c.op} operand ${which} of ${JSON.stringify(c.spec)}`);
  });
}

for (const [name, make] of Object.entries(cases)) {
  const trial = make(randomFrom(1));
  if (!trial.gradientBounds) continue;
  differences(name, () => {
    let checked = 0;
    for (let seed = 1; checked < 4; seed++) {
      const c = make(randomFrom(seed));
      if (c.kinks || valuesOf(c).some((x) => x.data.length > 2000)) continue;
      check(c, seed);
      checked++;
    }
  });
}

differences('every gradient rule has a case', () => {
  const covered = new Set(Object.values(cases).map((make) => make(randomFrom(1)).op));
  for (const op of Object.keys(gradients)) assert.ok(covered.has(op), `no case for the gradient of ${op}`);
});

differences.run();

// ---- where torch's rule is a choice

const choices = suite('twin: torch conventions');
const only = (gs: (Arr | null)[]): number[] => [...gs[0]!.data];

choices('kinks and ties', () => {
  const dy = arr([3], [1, 1, 1]);
  const around = arr([3], [-1, 0, 1]);
  assert.equal(only(gradients.abs(dy, around)), [-1, 0, 1]);
  assert.equal(only(gradients.relu(dy, around)), [0, 0, 1]);
  assert.equal(only(gradients.leakyRelu(dy, around, 0.2)), [0.2, 0.2, 1]);
  assert.equal(only(gradients.clamp(dy, around, -1, 0)), [1, 1, 0]);
  assert.equal(only(gradients.maximum(dy, around, arr([3], [0, 0, 0]))), [0, 0.5, 1]);
  assert.equal(only(gradients.minimum(dy, around, arr([3], [0, 0, 0]))), [1, 0.5, 0]);
  assert.equal(only(gradients.l1Loss(arr([], [3]), around, arr([3], [0, 0, 0]))), [-1, 0, 1]);
});

choices('the first maximum takes the gradient', () => {
  const x = arr([1, 1, 2, 2], [5, 5, 5, 5]);
  assert.equal(only(gradients.maxPool2d(arr([1, 1, 1, 1], [1]), x, { kernel: 2 })), [1, 0, 0, 0]);
});

choices('a pooling window may not start in the padding behind the image', () => {
  const x = arr([1, 1, 4, 4], upTo(16));
  const options = { kernel: 2, stride: 3, padding: 1, ceilMode: true };
  assert.equal(twin.avgPool2d(x, options).shape, [1, 1, 2, 2]);
});

choices('a torch step of Adam', () => {
  const [w, g, zero] = [1, 0.5, 0].map((v) => arr([1], [v]));
  const next = twin.adam(w, g, zero, zero, { lr: 0.1, correction1: 0.1, correction2: 0.001 });
  closeTo(next.w.data, arr([1], [0.9]), 1e-8, 'w'); // the first step is lr whatever the size of the gradient
  closeTo(next.m.data, arr([1], [0.05]), 1e-16, 'm');
  closeTo(next.v.data, arr([1], [0.00025]), 1e-16, 'v');
});

choices.run();
