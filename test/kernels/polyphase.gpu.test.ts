// Four phases of 2×2 taps by Winograd's F(3×3, 2×2) against plain sums: within 2e-5 of the result's size; with and without subgroups,
// whole and cut into parts it gives the same bits. Planes too large for a band are summed band by band.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/engine.js';
import { bandsOf, tilesOf } from '../../src/kernels/winograd.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

const SPECS: Record<string, [transposed: boolean, spec: Trial['spec']]> = {
  '4×4 of stride 2': [false, { x: [2, 9, 9, 14], w: [11, 9, 4, 4], bias: true, options: { stride: 2, padding: 2 } }],
  // Sixteen channels of a phase are a workgroup of the weight gradient, which leaves out what no tap reads.
  '3×3 of stride 2': [
    false,
    { x: [2, 16, 10, 13], w: [6, 16, 3, 3], bias: false, options: { stride: 2, padding: [0, 2, 1, 0] } },
  ],
  '4×3, groups, mirrored': [
    false,
    {
      x: [1, 12, 6, 14],
      w: [10, 6, 4, 3],
      bias: true,
      options: { stride: 2, groups: 2, padding: 1, paddingMode: 'reflect' },
    },
  ],
  'stride 1': [false, { x: [1, 8, 7, 10], w: [6, 8, 4, 4], bias: true, options: { padding: 2 } }],
  transposed: [true, { x: [2, 10, 5, 6], w: [10, 7, 4, 4], bias: true, options: { padding: 1 } }],
};

/** Those that are computed in other ways too, each of which compiles anew. */
const SAME_BITS = ['4×4 of stride 2', 'transposed'];

const bound = (bytes: number): CompileOptions => ({
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 512 },
});
const dyOf = (shape: readonly number[]) => values(randomFrom(52), [...shape]);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const size = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);
const apart = (a: Float32Array, b: Float32Array): number => a.reduce((m, v, k) => Math.max(m, Math.abs(v - b[k]!)), 0);

/** Forms of both families: [conv, convWeight]. */
type Forced = readonly [string, string];
const FORCED: Forced = ['polyphase-1x8-broadcast', 'polyphase-8x2-broadcast'];

async function runForced(trial: Trial, [conv, convWeight]: Forced, options: CompileOptions = {}) {
  const all = { ...options, force: { conv, convWeight }, guardBytes: 512 };
  const { results, stored, dispatches, kernels } = await runTrials(await openTestDevice(), [trial], dyOf, all);
  assert.is(stored, 0, `${conv}: guard bytes changed`);
  return { found: results[0]!.slice(0, 3), dispatches, kernels };
}

const test = suite('conv: four phases of 2×2 taps');

for (const [name, [transposed, spec]] of Object.entries(SPECS)) {
  test(name, async () => {
    const trial = trialOf(randomFrom(51), transposed, spec);
    const { found: plain } = await runForced(trial, ['plain', 'plain']);
    const { found, dispatches, kernels } = await runForced(trial, FORCED);
    for (const form of ['polyphase-1x8', 'polyphase-8x2'])
      assert.ok(
        kernels.some(({ candidate }) => candidate.startsWith(form)),
        form,
      );
    found.forEach((result, i) => {
      const off = apart(result, plain[i]!);
      assert.ok(off <= 2e-5 * size(plain[i]!), `result ${i}: off by ${off} of ${size(plain[i]!)}`);
    });
    if (!SAME_BITS.includes(name)) return;
    const same = {
      'no subgroups': await runForced(trial, ['polyphase-1x8', 'polyphase-8x2']),
      'other tiles': await runForced(trial, ['polyphase-2x4', 'polyphase-8x1']),
      split: await runForced(trial, FORCED, bound(4096)),
    };
    for (const [how, other] of Object.entries(same))
      found.forEach((result, i) => void assert.equal(words(other.found[i]!), words(result), `result ${i}, ${how}`));
    assert.ok(same.split.dispatches > dispatches, 'the case is cut');
  });
}

test('bands cover every row of tiles once, in the memory of the first', () => {
  const grid = tilesOf({ output: [283, 1024] });
  const bands = bandsOf(grid, 16);
  assert.ok(bands.length > 2);
  assert.is(
    bands.reduce((sum, { tiles }) => sum + tiles, 0),
    grid.tiles,
  );
  bands.forEach(({ tileY, tiles, row }, i) => {
    assert.is(tileY * grid.tilesX, i * bands[0]!.tiles);
    assert.ok(tiles <= row && row === bands[0]!.row);
  });
  assert.equal(bandsOf(tilesOf({ output: [30, 30] }), 8), [tilesOf({ output: [30, 30] })]);
});

test('a plane of several bands is that of plain sums', async () => {
  const specs: [Forced, Trial['spec']][] = [
    [['winograd-1x8', 'quads-8'], { x: [1, 8, 150, 1020], w: [8, 8, 3, 3], bias: true, options: { padding: 1 } }],
    [
      ['polyphase-1x8', 'polyphase-8x2'],
      { x: [1, 8, 262, 1020], w: [8, 8, 4, 4], bias: true, options: { stride: 2, padding: 2 } },
    ],
  ];
  for (const [force, spec] of specs) {
    const trial = trialOf(randomFrom(53), false, spec);
    // Planes that large take seconds by the plain kernels.
    const { found: plain } = await runForced(trial, ['quads-2x1x16', 'quads-8']);
    const { found, kernels } = await runForced(trial, force);
    const transforms = kernels.filter(({ op, candidate }) => op === 'conv2d' && candidate.endsWith('.input'));
    assert.ok(transforms.length > 1, `${force}: bands`);
    for (const i of [0, 2]) {
      const off = apart(found[i]!, plain[i]!);
      assert.ok(off <= 1e-4 * size(plain[i]!), `${force}: result ${i} off by ${off}`);
    }
  }
});

test.run();
