// Convolutions cut into parts: every role, in buffers and bindings of 4 KiB, gives the bits of the whole and stays in its blocks.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/graph/program.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { type Arr, map } from '../twin/array.js';
import { conv2d } from '../twin/conv.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

const BINDING = 4096;

/** Inputs, outputs or weights of each exceed a binding, by channels, by samples or both. */
const SPECS: Record<string, [transposed: boolean, spec: Trial['spec']]> = {
  'channels of x, out and w': [false, { x: [2, 20, 9, 11], w: [18, 20, 3, 3], bias: true, options: { padding: 1 } }],
  samples: [false, { x: [7, 4, 7, 9], w: [5, 4, 3, 3], bias: false, options: { padding: [0, 1, 2, 1] } }],
  reflected: [
    false,
    { x: [2, 7, 13, 12], w: [6, 7, 5, 5], bias: true, options: { padding: 2, paddingMode: 'reflect' } },
  ],
  'groups, dilated': [
    false,
    { x: [2, 12, 14, 15], w: [9, 4, 3, 3], bias: true, options: { groups: 3, dilation: 2, stride: [1, 2] } },
  ],
  'stride beyond the kernel': [false, { x: [1, 9, 17, 19], w: [11, 9, 2, 2], bias: false, options: { stride: 3 } }],
  transposed: [
    true,
    { x: [2, 16, 7, 8], w: [16, 9, 3, 3], bias: true, options: { stride: 2, padding: 1, outputPadding: 1 } },
  ],
  'transposed groups, dilated': [
    true,
    { x: [2, 12, 7, 6], w: [12, 3, 3, 3], bias: true, options: { stride: 2, groups: 2, dilation: 2 } },
  ],
};

const PLAIN = { conv: 'plain', convWeight: 'plain' };
const ROLES = ['forward', 'data gradient', 'weight gradient', 'bias gradient'];
const single = (values: Arr): Arr => map(values, Math.fround);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);

const test = suite('conv: split');

/** Precise programs add by channel. Small tiles compile soon. */
const WAYS: Record<string, CompileOptions> = {
  '': {},
  ', plain': { force: PLAIN },
  ', precise': { precise: true, force: { conv: 'quads-1x1x4', convWeight: 'plain' } },
};
const PRECISE = ['channels of x, out and w', 'transposed'];

for (const [name, [transposed, spec]] of Object.entries(SPECS)) {
  for (const [way, options] of Object.entries(WAYS)) {
    if (options.precise && !PRECISE.includes(name)) continue;
    test(`${name}${way}`, async () => {
      const device = await openTestDevice();
      const trial = trialOf(randomFrom(31), transposed, spec);
      const dyOf = (shape: readonly number[]) => values(randomFrom(32), [...shape]);
      const limits = { maxStorageBufferBindingSize: BINDING, maxBufferSize: BINDING + 512 };
      const whole = await runTrials(device, [trial], dyOf, { ...options, guardBytes: 512 });
      const split = await runTrials(device, [trial], dyOf, { ...options, guardBytes: 512, limits });
      assert.ok(split.dispatches > whole.dispatches, 'the case is cut');
      assert.equal([whole.stored, split.stored], [0, 0], 'guard bytes changed');
      whole.results[0]!.forEach((result, i) => {
        assert.ok(result.every(Number.isFinite));
        assert.equal(words(split.results[0]![i]!), words(result), `${ROLES[i]} differs when split`);
      });
    });
  }
}

for (const conv of ['direct-2x4', 'quads-1x1x4']) {
  test(`${conv}: precise programs round less than plain sums do`, async () => {
    const device = await openTestDevice();
    const spec = { x: [1, 64, 5, 8], w: [16, 64, 3, 3], bias: false, options: { padding: 1 } };
    const trial = trialOf(randomFrom(33), false, spec);
    const wanted = conv2d(single(trial.x), single(trial.w), null, spec.options);
    const error = async (options: CompileOptions) => {
      const [y] = (await runTrials(device, [trial], (shape) => values(randomFrom(32), [...shape]), options))
        .results[0]!;
      return Math.sqrt(y!.reduce((sum, v, i) => sum + (v - wanted.data[i]!) ** 2, 0));
    };
    const [plain, precise] = [await error({ force: PLAIN }), await error({ force: { ...PLAIN, conv }, precise: true })];
    // 64 sums of 9 products instead of 576 one after the other.
    assert.ok(precise < 0.75 * plain, `${precise} against ${plain}`);
  });
}

test.run();
