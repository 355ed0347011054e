// All sub-pixel phases in one thread give the bits of a kernel a phase, whole and in parts, with and without subgroups.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

const SPECS: Record<string, [transposed: boolean, spec: Trial['spec']]> = {
  'the generator’s': [
    true,
    { x: [2, 10, 7, 16], w: [10, 11, 3, 3], bias: true, options: { stride: 2, padding: 1, outputPadding: 1 } },
  ],
  'groups, odd sizes': [
    true,
    { x: [2, 12, 5, 8], w: [12, 3, 4, 4], bias: true, options: { stride: 2, padding: [1, 2], groups: 2 } },
  ],
  'dilated: rows without a tap, columns by steps of three': [
    true,
    { x: [1, 9, 8, 8], w: [9, 4, 1, 2], bias: true, options: { stride: 2, dilation: [2, 3] } },
  ],
  'the data gradient of the discriminator’s': [
    false,
    { x: [2, 9, 10, 16], w: [10, 9, 4, 4], bias: true, options: { stride: 2, padding: 2 } },
  ],
};

const dyOf = (shape: readonly number[]) => values(randomFrom(72), [...shape]);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);

const test = suite('conv: phases');

for (const [name, [transposed, spec]] of Object.entries(SPECS)) {
  test(name, async () => {
    const device = await openTestDevice();
    const trial = trialOf(randomFrom(71), transposed, spec);
    const run = async (conv: string, options: CompileOptions = {}) => {
      const force = { conv, convWeight: 'plain' };
      const { results, stored, kernels } = await runTrials(device, [trial], dyOf, {
        ...options,
        force,
        guardBytes: 512,
      });
      assert.is(stored, 0, `${conv}: guard bytes changed`);
      return { found: results[0]!, launches: kernels.filter(({ candidate }) => candidate === conv).length };
    };
    const { found: wanted } = await run('direct-2x4');
    const one = await run('phases-1x1x4');
    assert.is(one.launches, 1, 'one kernel for all phases');
    const parts = await run('phases-1x1x4', { limits: { maxStorageBufferBindingSize: 4096 } });
    assert.ok(parts.launches > 1, 'the case is cut');
    const ways = { one, parts, broadcast: await run('phases-1x1x8-broadcast') };
    for (const [how, { found }] of Object.entries(ways)) {
      wanted.forEach((result, i) => void assert.equal(words(found[i]!), words(result), `result ${i}, ${how}`));
    }
  });
}

test.run();
