// Winograd against plain sums: it rounds more than they do, but no more than 1e-4 of the result's size; with and without
// subgroups, whole and cut into parts it gives the same bits.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileOptions, compile, conv2d, grad, input, sum } from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

const SPECS: Record<string, [transposed: boolean, spec: Trial['spec']]> = {
  'sides of whole tiles': [false, { x: [2, 9, 8, 12], w: [11, 9, 3, 3], bias: true, options: { padding: 1 } }],
  'odd sides, uneven padding': [
    false,
    { x: [1, 5, 7, 21], w: [9, 5, 3, 3], bias: false, options: { padding: [0, 2, 1, 0] } },
  ],
  mirrored: [false, { x: [3, 8, 10, 9], w: [6, 8, 3, 3], bias: true, options: { padding: 1, paddingMode: 'reflect' } }],
  groups: [false, { x: [2, 12, 6, 14], w: [10, 6, 3, 3], bias: true, options: { groups: 2 } }],
  'groups of several lines of channels': [
    false,
    { x: [2, 80, 6, 7], w: [70, 40, 3, 3], bias: true, options: { groups: 2, padding: 1 } },
  ],
  'smaller than a tile': [false, { x: [2, 3, 3, 2], w: [4, 3, 3, 3], bias: false, options: { padding: 1 } }],
  transposed: [true, { x: [2, 10, 9, 6], w: [10, 7, 3, 3], bias: true, options: { padding: 1 } }],
  'transposed, whole vec4 of outputs': [
    true,
    { x: [1, 10, 5, 9], w: [10, 12, 3, 3], bias: true, options: { padding: 1, groups: 2 } },
  ],
};

const FORCED = { conv: 'winograd-1x8-broadcast', convWeight: 'winograd-1x8-broadcast' };
/** With buffers hardly larger than a binding, so that tensors lie in pieces. */
const bound = (bytes: number): CompileOptions => ({
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 512 },
});
const dyOf = (shape: readonly number[]) => values(randomFrom(42), [...shape]);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const size = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);

const test = suite('conv: Winograd');

for (const [name, [transposed, spec]] of Object.entries(SPECS)) {
  test(name, async () => {
    const device = await openTestDevice();
    const trial = trialOf(randomFrom(41), transposed, spec);
    const run = async (conv: string, convWeight: string, options = {}) => {
      const { results, stored, dispatches } = await runTrials(device, [trial], dyOf, {
        ...options,
        force: { conv, convWeight },
        guardBytes: 512,
      });
      assert.is(stored, 0, `${conv}: guard bytes changed`);
      return { found: results[0]!, dispatches };
    };
    const { found: plain } = await run('plain', 'plain');
    const { found, dispatches } = await run(FORCED.conv, FORCED.convWeight);
    found.forEach((result, i) => {
      const worst = Math.max(...result.map((v, k) => Math.abs(v - plain[i]![k]!)));
      assert.ok(worst <= 1e-4 * size(plain[i]!), `result ${i}: off by ${worst} of ${size(plain[i]!)}`);
    });
    assert.not.equal(found[0], plain[0], 'it is another way to sum');
    const same = {
      'no subgroups': await run('winograd-1x8', 'winograd-1x8'),
      'other tiles': await run('winograd-2x4', 'winograd-2x8'),
      'over channels': await run('winograd-channels-8x1-broadcast', 'winograd-1x4'),
      'over more channels': await run('winograd-channels-8x2-broadcast', 'winograd-1x4'),
      'over channels, no subgroups': await run('winograd-channels-8x1', 'winograd-1x16'),
      'over channels, in parts': await run('winograd-channels-8x1', 'winograd-2x4', bound(8192)),
    };
    for (const [how, other] of Object.entries(same)) {
      found.forEach((result, i) => void assert.equal(words(other.found[i]!), words(result), `result ${i}, ${how}`));
    }
    // The 36 sums of all input channels of a group are never cut.
    const split = await run(FORCED.conv, FORCED.convWeight, bound(spec.w[1]! > 28 ? 8192 : 4096));
    assert.ok(split.dispatches > dispatches, 'the case is cut');
    found.forEach((result, i) => void assert.equal(words(split.found[i]!), words(result), `result ${i}, split`));
  });
}

for (const [name, [transposed, spec]] of Object.entries(SPECS)) {
  test(`backwards: ${name}`, async () => {
    const device = await openTestDevice();
    const trial = trialOf(randomFrom(41), transposed, spec);
    const run = async (conv: string, options = {}) => {
      const forced = { ...options, force: { conv, convWeight: 'plain' }, guardBytes: 512 };
      const { results, stored } = await runTrials(device, [trial], dyOf, forced);
      assert.is(stored, 0, `${conv}: guard bytes changed`);
      return results[0]!;
    };
    const plain = await run('plain');
    const found = await run('winograd-adjoint-8x1-broadcast');
    for (const [how, results] of Object.entries({ found, split: await run('winograd-adjoint-8x1', bound(8192)) })) {
      results.forEach((result, i) => {
        const worst = Math.max(...result.map((v, k) => Math.abs(v - plain[i]![k]!)));
        assert.ok(worst <= 1e-4 * size(plain[i]!), `result ${i}, ${how}: off by ${worst} of ${size(plain[i]!)}`);
      });
    }
    const same = {
      'no subgroups': 'winograd-adjoint-8x1',
      'other tiles': 'winograd-adjoint-4x2',
      'more channels': 'winograd-adjoint-8x2-broadcast',
    };
    for (const [how, other] of Object.entries(same)) {
      (await run(other)).forEach(
        (result, i) => void assert.equal(words(result), words(found[i]!), `result ${i}, ${how}`),
      );
    }
  });
}

const FORCED2 = { conv: 'winograd2-1x8-broadcast', convWeight: 'winograd2-1x8-broadcast' };
/** Forms whose weights or sums come in pieces, the ops for which they do here, and other sizes of a thread's work, hence of pieces. */
const IN_PIECES = [
  {
    forced: FORCED,
    ops: { conv2d: FORCED.conv, convWeight: FORCED.convWeight },
    share: 1e-4,
    other: { conv: 'winograd-channels-8x1-broadcast', convWeight: 'winograd-1x16' },
  },
  {
    forced: FORCED2,
    ops: { convWeight: FORCED2.convWeight },
    share: 2e-5,
    other: { conv: 'winograd2-1x16', convWeight: 'winograd2-1x16' },
  },
];

test('weights and their sums in pieces of output channels, cut in the middle of a group', async () => {
  const device = await openTestDevice();
  const spec = { x: [1, 1152, 4, 5], w: [1320, 384, 3, 3], bias: true, options: { groups: 3, padding: 1 } } as const;
  const trial = trialOf(randomFrom(44), false, spec as unknown as Trial['spec']);
  const run = (force: Record<string, string>, options = {}) =>
    runTrials(device, [trial], dyOf, { ...options, force, guardBytes: 512 });
  const plain = await run({ conv: 'plain', convWeight: 'plain' });
  for (const { forced, ops, share, other } of IN_PIECES) {
    const whole = await run(forced);
    for (const [op, name] of Object.entries(ops)) {
      const launches = whole.kernels.filter((kernel) => kernel.op === op && kernel.candidate === name);
      assert.ok(launches.length > 1, `${op}: there are pieces`);
    }
    whole.results[0]!.forEach((result, i) => {
      const wanted = plain.results[0]![i]!;
      const worst = result.reduce((most, v, k) => Math.max(most, Math.abs(v - wanted[k]!)), 0);
      assert.ok(worst <= share * size(wanted), `${forced.conv}: result ${i}: off by ${worst} of ${size(wanted)}`);
    });
    const others = { split: await run(forced, bound(2 ** 22)), 'other pieces': await run(other) };
    for (const [how, { results, stored }] of Object.entries(others)) {
      assert.is(stored, 0, `${how}: guard bytes changed`);
      whole.results[0]!.forEach((result, i) => {
        assert.equal(words(results[0]![i]!), words(result), `${forced.conv}: result ${i}, ${how}`);
      });
    }
  }
});

test('where it does not fit, the candidate of before does the work; precise programs never choose it', async () => {
  const device = await openTestDevice();
  const trial = trialOf(randomFrom(43), false, { x: [1, 16, 12, 12], w: [16, 16, 5, 5], bias: false, options: {} });
  const results = async (force?: { conv: string }) => (await runTrials(device, [trial], dyOf, { force })).results;
  assert.equal(await results(FORCED), await results());
  const [x, w] = [input([1, 64, 8, 8]), input([64, 64, 3, 3])];
  const y = conv2d(x, w, null);
  const [dw] = grad(sum(y), [w]);
  const candidates = async (options: CompileOptions) => {
    const program = await compile(device, { inputs: { x, w }, outputs: { y, dw: dw! } }, options);
    program.destroy();
    return program.stats.kernels.map(({ candidate }) => candidate);
  };
  const isWinograd = (name: string) => /^winograd[-.]/.test(name);
  // Four kernels each, of which fused programs have the two that prepare the sums in one.
  assert.is((await candidates({ force: FORCED, fuse: false })).filter(isWinograd).length, 8);
  assert.is((await candidates({ force: FORCED })).filter(isWinograd).length, 6);
  assert.not.ok((await candidates({ precise: true })).some(isWinograd));
});

test.run();
