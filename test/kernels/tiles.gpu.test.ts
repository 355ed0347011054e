// Tiles of workgroups against plain sums, and cut into parts against themselves. No software adapter would choose them, and its
// compiler takes seconds for each, hence few convolutions here, of few taps; candidates.gpu.deep.ts has a thousand.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { agreementWith, ROLES, referenceOf } from './agree.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

/** Its data gradient goes by phases of one tap. */
const STRIDED: Trial['spec'] = {
  x: [3, 14, 11, 13],
  w: [10, 7, 2, 2],
  bias: true,
  options: { stride: 2, padding: 1, groups: 2 },
};
/** More outputs than a tile has rows. */
const MIRRORED: Trial['spec'] = {
  x: [2, 4, 9, 12],
  w: [70, 4, 2, 2],
  bias: true,
  options: { padding: 1, paddingMode: 'reflect' },
};
const CASES: Record<string, Trial['spec']> = {
  'tiles-32x32': STRIDED,
  'tiles-64x64': MIRRORED,
  'tiles-128x64': STRIDED,
};

const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const dyOf = (shape: readonly number[]) => values(randomFrom(52), [...shape]);
const test = suite('conv: tiles');

for (const [name, spec] of Object.entries(CASES)) {
  test(name, async () => {
    const trials = [trialOf(randomFrom(51), false, spec)];
    const force = { conv: name, convWeight: name };
    const device = await openTestDevice();
    const { problems } = await agreementWith(device, await referenceOf(device, trials, dyOf), { force });
    assert.equal(problems, []);
  });
}

test('cut into parts', async () => {
  const device = await openTestDevice();
  const trials = [trialOf(randomFrom(51), false, STRIDED)];
  const options = { force: { conv: 'tiles-32x32', convWeight: 'tiles-32x32' }, guardBytes: 512 };
  const whole = await runTrials(device, trials, dyOf, options);
  const split = await runTrials(device, trials, dyOf, { ...options, limits: { maxStorageBufferBindingSize: 2048 } });
  assert.ok(split.dispatches > whole.dispatches, 'the case is cut');
  assert.equal([whole.stored, split.stored], [0, 0], 'guard bytes changed');
  whole.results[0]!.forEach((result, i) => {
    assert.equal(words(split.results[0]![i]!), words(result), `${ROLES[i]} differs when split`);
  });
});

test.run();
