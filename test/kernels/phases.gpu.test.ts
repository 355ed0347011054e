// All sub-pixel phases in one thread give the bits of a kernel a phase, whole and in parts, with and without subgroups.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileOptions, compile, convTranspose2d, input } from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import type { Trial } from './conv-runs.js';

const SPECS: Record<string, Trial['spec']> = {
  'the generator’s': {
    x: [2, 10, 7, 16],
    w: [10, 11, 3, 3],
    bias: true,
    options: { stride: 2, padding: 1, outputPadding: 1 },
  },
  'the data gradient of the discriminator’s': {
    x: [2, 9, 6, 8],
    w: [9, 5, 4, 4],
    bias: false,
    options: { stride: 2, padding: 2 },
  },
  'groups, rows without a tap, columns in steps of three': {
    x: [2, 12, 5, 8],
    w: [12, 3, 1, 3],
    bias: true,
    options: { stride: 2, dilation: [2, 3], groups: 2 },
  },
};

const test = suite('conv: phases');

for (const [name, { x, w, bias, options }] of Object.entries(SPECS)) {
  test(name, async () => {
    const device = await openTestDevice();
    const run = async (conv: string, more: CompileOptions = {}) => {
      const outputs = w[1]! * (options.groups ?? 1);
      const inputs = { x: input(x), w: input(w), ...(bias ? { b: input([outputs]) } : {}) };
      const y = convTranspose2d(inputs.x, inputs.w, inputs.b ?? null, options);
      const program = await compile(device, { inputs, outputs: { y } }, { force: { conv }, guardBytes: 512, ...more });
      const r = randomFrom(71);
      const feeds = Object.entries(inputs).map(([key, { shape }]) => [key, [...values(r, [...shape]).data]]);
      const found = (await program.run(Object.fromEntries(feeds))).y!;
      assert.is(await program.guards(), 0, `${conv}: guard bytes changed`);
      program.destroy();
      const launches = program.stats.kernels.filter(({ candidate }) => candidate === conv).length;
      return { words: new Uint32Array(found.buffer, found.byteOffset, found.length), launches };
    };
    const { words } = await run('direct-2x4');
    const one = await run('phases-1x1x4');
    assert.is(one.launches, 1, 'one kernel for all phases');
    assert.equal(one.words, words);
    const parts = await run('phases-1x1x4', { limits: { maxStorageBufferBindingSize: 4096 } });
    assert.ok(parts.launches > 1, 'the case is cut');
    assert.equal(parts.words, words, 'in parts');
    assert.equal((await run('phases-1x1x8-broadcast')).words, words, 'weights shared by a subgroup');
    assert.equal((await run('quads-1x1x32-broadcast')).words, words, 'by 32 channels, a phase a kernel');
  });
}

test.run();
