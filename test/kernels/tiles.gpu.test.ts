// Tiles of workgroups against plain sums, and cut into parts against themselves. No software adapter would choose them, and its
// compiler takes seconds for each: two convolutions, whose roles have every stride, phases, groups, mirrored and zero borders.
// The long test has a thousand.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TILES } from '../../src/kernels/conv-tiles.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { agreement, ROLES } from './agree.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

const SPECS: Record<string, [transposed: boolean, spec: Trial['spec']]> = {
  'groups, stride 2': [
    false,
    { x: [3, 14, 11, 13], w: [10, 7, 2, 2], bias: true, options: { stride: 2, padding: 1, groups: 2 } },
  ],
  'mirrored, more outputs than a tile has': [
    false,
    { x: [2, 4, 9, 12], w: [70, 4, 2, 2], bias: true, options: { padding: 1, paddingMode: 'reflect' } },
  ],
};

const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const dyOf = (shape: readonly number[]) => values(randomFrom(52), [...shape]);
const test = suite('conv: tiles');

for (const name of Object.keys(TILES)) {
  test(name, async () => {
    const device = await openTestDevice();
    const trials = Object.values(SPECS).map(([transposed, spec]) => trialOf(randomFrom(51), transposed, spec));
    const force = { conv: name, convWeight: name };
    const { problems } = await agreement(device, trials, dyOf, { force });
    assert.equal(problems, []);
    const whole = await runTrials(device, trials, dyOf, { force, guardBytes: 512 });
    const limits = { maxStorageBufferBindingSize: 2048 };
    const split = await runTrials(device, trials, dyOf, { force, guardBytes: 512, limits });
    assert.ok(split.dispatches > whole.dispatches, 'the cases are cut');
    assert.equal([whole.stored, split.stored], [0, 0], 'guard bytes changed');
    whole.results.forEach((results, t) => {
      results.forEach((result, i) => {
        assert.equal(words(split.results[t]![i]!), words(result), `${ROLES[i]} of trial ${t} differs when split`);
      });
    });
  });
}

test.run();
