// Several convolutions whose sums add up, against plain sums: four phases of 2×2 taps by Winograd's F(3×3, 2×2) within 2e-5 of the
// result's size, nested blocks of 4×4 by F(4×4, 4×4) within 1e-4; with and without subgroups, whole and cut into parts each gives the same bits. Planes too large for a band are summed band by band.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/engine.js';
import { bandsOf, tilesOf } from '../../src/kernels/winograd.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

type Specs = Record<string, [transposed: boolean, spec: Trial['spec']]>;

const PHASES: Specs = {
  '4×4 of stride 2': [false, { x: [2, 9, 9, 14], w: [11, 9, 4, 4], bias: true, options: { stride: 2, padding: 2 } }],
  '3×3 of stride 2': [
    false,
    { x: [2, 7, 10, 13], w: [6, 7, 3, 3], bias: false, options: { stride: 2, padding: [0, 2, 1, 0] } },
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

const BLOCKS: Specs = {
  '7×7, mirrored': [
    false,
    { x: [2, 6, 9, 14], w: [11, 6, 7, 7], bias: true, options: { padding: 3, paddingMode: 'reflect' } },
  ],
  'one block': [false, { x: [1, 8, 7, 10], w: [6, 8, 4, 4], bias: true, options: { padding: 2 } }],
  '8×5, groups': [
    false,
    { x: [1, 6, 9, 11], w: [8, 3, 8, 5], bias: false, options: { groups: 2, padding: [3, 1, 4, 2] } },
  ],
  '7×7 transposed': [true, { x: [2, 5, 6, 9], w: [5, 7, 7, 7], bias: true, options: { padding: 3 } }],
};

/** What each is held to, and of its cases those that are computed in other ways too, each of which compiles anew. */
const FORMS = [
  { name: 'polyphase', specs: PHASES, share: 2e-5, sameBits: ['4×4 of stride 2', 'transposed'] },
  { name: 'nested', specs: BLOCKS, share: 1e-4, sameBits: ['7×7, mirrored'] },
];

const bound = (bytes: number): CompileOptions => ({
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 512 },
});
const dyOf = (shape: readonly number[]) => values(randomFrom(52), [...shape]);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const size = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);
const apart = (a: Float32Array, b: Float32Array): number => a.reduce((m, v, k) => Math.max(m, Math.abs(v - b[k]!)), 0);

async function runForced(trial: Trial, conv: string, options: CompileOptions = {}, weight = 'plain') {
  const all = { ...options, force: { conv, convWeight: weight }, guardBytes: 512 };
  const { results, stored, dispatches, kernels } = await runTrials(await openTestDevice(), [trial], dyOf, all);
  assert.is(stored, 0, `${conv}: guard bytes changed`);
  return { found: results[0]!.slice(0, 2), dispatches, kernels };
}

const test = suite('conv: phases and blocks of taps');

type Form = (typeof FORMS)[number];

async function holds({ name, share, sameBits }: Form, what: string, [transposed, spec]: Specs[string]) {
  const trial = trialOf(randomFrom(51), transposed, spec);
  const { found: plain } = await runForced(trial, 'plain');
  const { found, dispatches, kernels } = await runForced(trial, `${name}-1x8-broadcast`);
  assert.ok(kernels.some(({ candidate }) => candidate.startsWith(`${name}-1x8`)));
  found.forEach((result, i) => {
    const off = apart(result, plain[i]!);
    assert.ok(off <= share * size(plain[i]!), `result ${i}: off by ${off} of ${size(plain[i]!)}`);
  });
  if (!sameBits.includes(what)) return;
  const same = {
    'no subgroups': await runForced(trial, `${name}-1x8`),
    'other tiles': await runForced(trial, `${name}-2x4`),
  };
  for (const [how, other] of Object.entries(same)) assert.equal(words(other.found[0]!), words(found[0]!), how);
  const split = await runForced(trial, `${name}-1x8-broadcast`, bound(8192));
  assert.ok(split.dispatches > dispatches, 'the case is cut');
  assert.equal(words(split.found[0]!), words(found[0]!), 'split');
}

for (const form of FORMS) {
  for (const [what, spec] of Object.entries(form.specs)) {
    test(`${form.name}: ${what}`, () => holds(form, what, spec!));
  }
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
  const specs: [string, Trial['spec']][] = [
    ['winograd-1x8', { x: [1, 8, 150, 1020], w: [8, 8, 3, 3], bias: true, options: { padding: 1 } }],
    ['polyphase-1x8', { x: [1, 8, 262, 1020], w: [8, 8, 4, 4], bias: true, options: { stride: 2, padding: 2 } }],
  ];
  for (const [conv, spec] of specs) {
    const trial = trialOf(randomFrom(53), false, spec);
    // Planes that large take seconds by the plain kernels.
    const { found: plain } = await runForced(trial, 'quads-2x1x16', {}, 'quads-8');
    const { found, kernels } = await runForced(trial, conv, {}, 'quads-8');
    const transforms = kernels.filter(({ op, candidate }) => op === 'conv2d' && candidate.endsWith('.input'));
    assert.ok(transforms.length > 1, `${conv}: bands`);
    const off = apart(found[0]!, plain[0]!);
    assert.ok(off <= 1e-4 * size(plain[0]!), `${conv}: off by ${off}`);
  }
});

test.run();
