// Every candidate of a convolution, in all roles, against the plain one on a thousand random convolutions: within the bounds of the
// sums' lengths, Winograd and nested blocks within 1e-4 of the result's size, four phases of 2×2 taps within 2e-5,
// F(2×2, 3×3) within 5e-6. All in one device, whose cached pipelines meet specs in every order.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileOptions } from '../../src/graph/program.js';
import { openTestDevice } from '../support/device.js';
import { draw, paddingOf, type Random, randomFrom, reachesInside, values } from '../support/random.js';
import { conv2dShape, convTranspose2dShape } from '../twin/conv.js';
import { agreementWith, anyOrder, type Bound, type Reference, referenceOf, shareOfSize } from './agree.js';
import { NESTED, nameOf, PHASES, POLYPHASE, SUMS, WINOGRAD, WINOGRAD2 } from './candidate-names.js';
import { type Trial, trialOf } from './conv-runs.js';

const CONVOLUTIONS = 1000;
/** In a program: small enough that plans and arrays stay young. */
const BATCH = 125;

/** What sizes registers and unrolls loops, and so is compiled; the rest is drawn. */
interface Kind {
  kernel: [number, number];
  stride: number;
  transposed?: boolean;
  mirrored?: boolean;
  dilation?: number;
}
const THREES: readonly Kind[] = [
  { kernel: [3, 3], stride: 1 },
  { kernel: [3, 3], stride: 1, mirrored: true },
  { kernel: [3, 3], stride: 1, transposed: true },
];
const STRIDED: readonly Kind[] = [
  { kernel: [4, 4], stride: 2 },
  { kernel: [3, 3], stride: 2 },
];
/** Their data gradients, or they themselves, are transposed. */
const PHASED: readonly Kind[] = [
  ...STRIDED,
  { kernel: [3, 3], stride: 2, transposed: true },
  { kernel: [1, 3], stride: 2, transposed: true, dilation: 3 },
];
const QUARTERED: readonly Kind[] = [
  ...STRIDED,
  { kernel: [3, 4], stride: 2, mirrored: true },
  { kernel: [4, 4], stride: 1 },
  { kernel: [4, 4], stride: 1, transposed: true },
  { kernel: [4, 4], stride: 2, transposed: true },
  { kernel: [3, 3], stride: 2, transposed: true },
];
const BLOCKS: readonly Kind[] = [
  { kernel: [7, 7], stride: 1, mirrored: true },
  { kernel: [7, 7], stride: 1, transposed: true },
  { kernel: [5, 8], stride: 1 },
  { kernel: [4, 4], stride: 1 },
];
const KINDS: readonly Kind[] = [
  ...THREES,
  { kernel: [7, 7], stride: 1, mirrored: true },
  ...STRIDED,
  { kernel: [3, 3], stride: 2, transposed: true },
  { kernel: [1, 1], stride: 1 },
  { kernel: [1, 1], stride: 2 },
  { kernel: [3, 2], stride: 3, transposed: true, dilation: 2 },
];

/** Mostly planes of a few tiles; now and then hardly a pixel, with borders wider than it and than the kernel. */
const randomPlane = (r: Random, { kernel }: Kind) =>
  r.chance(0.8)
    ? { height: r.int(7, 11), width: r.int(7, 15), padding: r.int(0, Math.min(3, kernel[0] - 1, kernel[1] - 1)) }
    : { height: r.int(1, 4), width: r.int(1, 5), padding: paddingOf(r, 4) };

function randomSpec(r: Random, kind: Kind): Trial['spec'] {
  const { kernel, stride, transposed = false, mirrored = false, dilation = 1 } = kind;
  const groups = r.pick([1, 1, 1, 2, 3]);
  // Now and then more channels than a tile has rows.
  const channels = () => (r.chance(0.1) ? r.int(30, 70) : r.int(1, 9));
  const [inputs, outputs] = [channels(), channels()];
  const { height, width, padding } = randomPlane(r, kind);
  const options = { stride, dilation, groups, padding, ...(mirrored ? { paddingMode: 'reflect' as const } : {}) };
  const w = transposed ? [inputs * groups, outputs, ...kernel] : [outputs * groups, inputs, ...kernel];
  return { x: [r.int(1, 3), inputs * groups, height, width], w, bias: r.chance(0.5), options };
}

function randomTrial(r: Random, kind: Kind): Trial {
  const { transposed = false } = kind;
  const isPossible = ({ x, w, options }: Trial['spec']) =>
    Math.min(...(transposed ? convTranspose2dShape : conv2dShape)(x, w, options)) > 0 && reachesInside(options, x);
  return trialOf(
    r,
    transposed,
    draw(() => randomSpec(r, kind), isPossible),
  );
}

const dyOf = (shape: readonly number[]) => values(randomFrom(78), [...shape]);

/** The plain results are the same for all candidates: computed once, a batch after the other. */
function references(seed: number, kinds: readonly Kind[]) {
  let made: Promise<Reference[]> | undefined;
  const make = async () => {
    const r = randomFrom(seed);
    const device = await openTestDevice();
    const batches: Reference[] = [];
    for (let done = 0; done < CONVOLUTIONS; done += BATCH) {
      const trials = Array.from({ length: BATCH }, () => randomTrial(r, r.pick([...kinds])));
      batches.push(await referenceOf(device, trials, dyOf));
    }
    return batches;
  };
  return () => (made ??= make());
}

const test = suite('conv: candidates on a thousand convolutions');

function holds(
  forces: readonly Record<string, string>[],
  bound: Bound,
  batches: () => Promise<Reference[]>,
  options: CompileOptions = {},
) {
  for (const force of forces) {
    test(nameOf(force), async () => {
      const device = await openTestDevice();
      for (const reference of await batches()) {
        const { problems } = await agreementWith(device, reference, { ...options, force }, bound);
        assert.is(problems.length, 0, problems.slice(0, 5).join('\n'));
      }
    });
  }
}

holds(SUMS, anyOrder, references(77, KINDS));
holds(WINOGRAD, shareOfSize(1e-4), references(79, THREES));
holds(WINOGRAD2, shareOfSize(5e-6), references(83, THREES));
// What they do not fit is the prior's to do, which must not be one that rounds more.
holds(PHASES, anyOrder, references(80, PHASED), { precise: true });
holds(POLYPHASE, shareOfSize(2e-5), references(81, QUARTERED));
holds(NESTED, shareOfSize(1e-4), references(82, BLOCKS));

test.run();
