// Several convolutions whose sums add up, against plain sums: four phases of 2×2 taps by Winograd's F(3×3, 2×2) within 2e-5 of the
// result's size, nested blocks of 4×4 by F(4×4, 4×4) within 1e-4, 3×3 taps by F(2×2, 3×3)
// within 5e-6; with and without subgroups, whole and cut into parts each gives the same bits. Planes too large for a band are summed band by band.
// Data gradients of stride 2 are phases of the output, whose sums do not add up.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/engine.js';
import { bandsOf, tilesOf } from '../../src/kernels/winograd.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom, values } from '../support/random.js';
import { runTrials, type Trial, trialOf } from './conv-runs.js';

type Specs = Record<string, [transposed: boolean, spec: Trial['spec']]>;
/** Forms of both families: [conv, convWeight]. */
type Forced = readonly [string, string];

const PHASES: Specs = {
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
  // Phases that begin one pixel apart; more channels than a block has, odd sizes, and outputs that no input reaches.
  '4×4 of stride 2, transposed': [
    true,
    {
      x: [2, 9, 6, 7],
      w: [9, 11, 4, 4],
      bias: true,
      options: { stride: 2, padding: [1, 2], outputPadding: [1, 0] },
    },
  ],
  '3×3 of stride 2, transposed': [
    true,
    { x: [1, 12, 7, 5], w: [12, 5, 3, 3], bias: true, options: { stride: 2, groups: 2, padding: 1, outputPadding: 1 } },
  ],
  '3×4, transposed, without padding': [
    true,
    { x: [1, 4, 5, 6], w: [4, 9, 3, 4], bias: false, options: { stride: 2, padding: [0, 3] } },
  ],
};

const THREES: Specs = {
  'sides of whole tiles': [false, { x: [2, 9, 8, 12], w: [11, 9, 3, 3], bias: true, options: { padding: 1 } }],
  'odd sides, uneven padding': [
    false,
    { x: [1, 5, 7, 21], w: [9, 5, 3, 3], bias: false, options: { padding: [0, 2, 1, 0] } },
  ],
  'mirrored, groups': [
    false,
    { x: [3, 12, 10, 9], w: [10, 6, 3, 3], bias: true, options: { groups: 2, padding: 1, paddingMode: 'reflect' } },
  ],
  'smaller than a tile': [false, { x: [2, 3, 3, 1], w: [4, 3, 3, 3], bias: false, options: { padding: 1 } }],
  transposed: [true, { x: [2, 10, 9, 6], w: [10, 7, 3, 3], bias: true, options: { padding: 1 } }],
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

/** What each is held to, its forms, and of its cases those that are computed in other ways too, each of which compiles anew. */
const FORMS = [
  {
    name: 'polyphase',
    specs: PHASES,
    share: 2e-5,
    forced: ['polyphase-1x8-broadcast', 'polyphase-1x8-broadcast'],
    noSubgroups: ['polyphase-1x8', 'polyphase-1x8'],
    otherTiles: ['polyphase-2x4', 'polyphase-2x4'],
    sameBits: ['4×4 of stride 2', 'transposed', '4×4 of stride 2, transposed'],
  },
  {
    name: 'winograd2',
    specs: THREES,
    share: 5e-6,
    forced: ['winograd2-1x8-broadcast', 'winograd2-1x8-broadcast'],
    noSubgroups: ['winograd2-1x8', 'winograd2-1x8'],
    otherTiles: ['winograd2-2x4', 'winograd2-2x4'],
    sameBits: ['mirrored, groups', 'odd sides, uneven padding', 'transposed'],
  },
  {
    name: 'nested',
    specs: BLOCKS,
    share: 1e-4,
    forced: ['nested-1x8-broadcast', 'plain'],
    noSubgroups: ['nested-1x8', 'plain'],
    otherTiles: ['nested-2x4', 'plain'],
    sameBits: ['7×7, mirrored'],
  },
] as const satisfies {
  [key: string]: unknown;
  specs: Specs;
  forced: Forced;
  noSubgroups: Forced;
  otherTiles: Forced;
}[];

const bound = (bytes: number): CompileOptions => ({
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 512 },
});
const dyOf = (shape: readonly number[]) => values(randomFrom(52), [...shape]);
const words = (list: Float32Array): Uint32Array => new Uint32Array(list.buffer, list.byteOffset, list.length);
const size = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);
const apart = (a: Float32Array, b: Float32Array): number => a.reduce((m, v, k) => Math.max(m, Math.abs(v - b[k]!)), 0);

async function runForced(trial: Trial, [conv, convWeight]: Forced, options: CompileOptions = {}) {
  const all = { ...options, force: { conv, convWeight }, guardBytes: 512 };
  const { results, stored, dispatches, kernels } = await runTrials(await openTestDevice(), [trial], dyOf, all);
  assert.is(stored, 0, `${conv}: guard bytes changed`);
  return { found: results[0]!.slice(0, 3), dispatches, kernels };
}

const test = suite('conv: phases and blocks of taps');

type Form = (typeof FORMS)[number];

async function holds(form: Form, what: string, [transposed, spec]: Specs[string]) {
  const trial = trialOf(randomFrom(51), transposed, spec);
  const { found: plain } = await runForced(trial, ['plain', 'plain']);
  const { found, dispatches, kernels } = await runForced(trial, form.forced);
  const [conv, convWeight] = form.noSubgroups;
  const wanted = { conv2d: conv, convTranspose2d: conv, convWeight };
  for (const [op, name] of Object.entries(wanted))
    assert.ok(
      kernels.some((kernel) => kernel.op === op && kernel.candidate.startsWith(name)),
      `${op}: ${name}`,
    );
  found.forEach((result, i) => {
    const off = apart(result, plain[i]!);
    assert.ok(off <= form.share * size(plain[i]!), `result ${i}: off by ${off} of ${size(plain[i]!)}`);
  });
  if (!form.sameBits.some((name) => name === what)) return;
  const same = {
    'no subgroups': await runForced(trial, form.noSubgroups),
    'other tiles': await runForced(trial, form.otherTiles),
    split: await runForced(trial, form.forced, bound(8192)),
  };
  for (const [how, other] of Object.entries(same))
    found.forEach((result, i) => void assert.equal(words(other.found[i]!), words(result), `result ${i}, ${how}`));
  assert.ok(same.split.dispatches > dispatches, 'the case is cut');
}

for (const form of FORMS) {
  for (const [what, spec] of Object.entries(form.specs)) {
    test(`${form.name}: ${what}`, () => holds(form, what, spec!));
  }
}

test('sums that nothing is written to are not read: other convolutions were in their memory before', async () => {
  const trials = Object.values(PHASES).map(([transposed, spec], i) => trialOf(randomFrom(54 + i), transposed, spec));
  const run = async ([conv, convWeight]: Forced) =>
    (await runTrials(await openTestDevice(), trials, dyOf, { force: { conv, convWeight } })).results;
  const [plain, found] = [await run(['plain', 'plain']), await run(FORMS[0].forced)];
  plain.flat().forEach((wanted, i) => {
    const off = apart(found.flat()[i]!, wanted);
    assert.ok(off <= FORMS[0].share * size(wanted), `result ${i}: off by ${off} of ${size(wanted)}`);
  });
});

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
      ['polyphase-1x8', 'polyphase-1x8'],
      { x: [1, 8, 262, 1020], w: [8, 8, 4, 4], bias: true, options: { stride: 2, padding: 2 } },
    ],
  ];
  for (const [force, spec] of specs) {
    const trial = trialOf(randomFrom(53), false, spec);
    // Planes that large take seconds by the plain kernels.
    const { found: plain } = await runForced(trial, ['quads-2x1x16', 'quads-8']);
    const { found, kernels } = await runForced(trial, force);
    const transforms = kernels.filter(({ op, candidate }) => op === 'conv2d' && candidate.includes('.input'));
    assert.ok(transforms.length > 1, `${force}: bands`);
    for (const i of [0, 1, 2]) {
      const off = apart(found[i]!, plain[i]!);
      assert.ok(off <= 1e-4 * size(plain[i]!), `${force}: result ${i} off by ${off}`);
    }
  }
});

test.run();
