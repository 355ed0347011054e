import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { closeTo, EPS, TINY } from '../support/bounds.js';
import { cases } from '../support/cases/index.js';
import { openTestDevice } from '../support/device.js';
import type { Adam } from '../support/ops.js';
import { randomFrom, values } from '../support/random.js';
import { type Arr, map, scalar } from '../twin/array.js';
import * as twin from '../twin/index.js';
import { checkOp, shown } from './check.js';

/** Cases per op here; ops.gpu.deep.ts runs hundreds. */
const CASES = 3;

const ops = suite('ops: forward and gradients against the twin');

for (const [name, make] of Object.entries(cases)) {
  ops(name, async () => {
    const problems = await checkOp(await openTestDevice(), name, make, 1, CASES);
    assert.is(problems.length, 0, shown(problems));
  });
}

ops.run();

// ---- Adam: three results, and rank-0 inputs

const adam = suite('ops: adam');
const engineAdam: Adam<Tensor> = engine.adam;

/** Two products in each moment; the step divides by a root: 4.5 + 2.5 + 4 roundings. */
function stepBounds(
  w: Arr,
  g: Arr,
  m: Arr,
  next: { w: Arr; m: Arr; v: Arr },
  lr: number,
  correction1: number,
  eps: number,
) {
  const moment = map(m, (v, i) => 4 * EPS * (0.5 * Math.abs(v) + 0.5 * Math.abs(g.data[i])) + TINY);
  const second = map(next.v, (v) => 6 * EPS * v + TINY);
  const step = map(w, (v, i) => {
    const size = Math.abs(next.w.data[i] - v);
    const perMoment = (lr / correction1) * (1 / Math.max(eps, Math.sqrt(next.v.data[i])));
    return 12 * EPS * size + perMoment * moment.data[i] + EPS * Math.abs(v) + TINY;
  });
  return { w: step, m: moment, v: second };
}

adam('one step', async () => {
  const device = await openTestDevice();
  const r = randomFrom(7);
  const shape = [5, 7, 3];
  const options = { beta1: 0.5, beta2: 0.999, eps: 1e-8 };
  const [lr, correction1, correction2] = [2e-4, 1 - 0.5 ** 3, 1 - 0.999 ** 3].map(Math.fround);
  const start = {
    w: values(r, shape),
    g: values(r, shape),
    m: values(r, shape, -0.1, 0.1),
    v: values(r, shape, 0, 0.01),
  };
  const want = twin.adam(start.w, start.g, start.m, start.v, { lr, correction1, correction2 }, options);
  const inputs = {
    ...Object.fromEntries(Object.entries(start).map(([name, x]) => [name, engine.input(x.shape)])),
    ...{ lr: engine.input([]), correction1: engine.input([]), correction2: engine.input([]) },
  } as Record<'w' | 'g' | 'm' | 'v' | 'lr' | 'correction1' | 'correction2', Tensor>;
  const { w, g, m, v, ...scalars } = inputs;
  const program = await engine.compile(device, { inputs, outputs: engineAdam(w, g, m, v, scalars, options) });
  const feeds = Object.entries({
    ...start,
    lr: scalar(lr),
    correction1: scalar(correction1),
    correction2: scalar(correction2),
  });
  const got = await program.run(Object.fromEntries(feeds.map(([name, x]) => [name, Float32Array.from(x.data)])));
  program.destroy();
  const bounds = stepBounds(start.w, start.g, start.m, want, lr, correction1, options.eps);
  for (const part of ['m', 'v', 'w'] as const) closeTo(got[part], want[part], bounds[part], `adam ${part}`);
});

adam.run();
