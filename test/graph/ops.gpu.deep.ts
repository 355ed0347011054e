import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conv2dCase, convTranspose2dCase } from '../support/cases/conv.js';
import { cases } from '../support/cases/index.js';
import { openTestDevice } from '../support/device.js';
import { checkAll, checkOp, shown } from './check.js';

/** Per kind of convolution, and per other op. */
const CONV_CASES = 300;
const CASES = 200;
/** A few with sums long enough for every tile of a kernel. */
const LARGE_CASES = 12;
const LARGE = { least: 2e6, macs: 2e7 };

const deep = suite('ops: hundreds of random cases against the twin');

for (const [name, make] of Object.entries(cases)) {
  deep(name, async () => {
    const count = name.startsWith('conv') ? CONV_CASES : CASES;
    // seeds apart from those of the short test
    const problems = await checkOp(await openTestDevice(), name, make, 1001, count);
    assert.is(problems.length, 0, shown(problems));
  });
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

deep('large convolutions', async () => {
  const wanted = upTo(LARGE_CASES).flatMap((seed) => [
    { name: 'large conv2d', make: (r: Parameters<typeof conv2dCase>[1]) => conv2dCase('plain', r, LARGE), seed },
    { name: 'large reflect', make: (r: Parameters<typeof conv2dCase>[1]) => conv2dCase('reflect', r, LARGE), seed },
    {
      name: 'large convTranspose2d',
      make: (r: Parameters<typeof conv2dCase>[1]) => convTranspose2dCase('plain', r, LARGE),
      seed,
    },
  ]);
  const problems = await checkAll(await openTestDevice(), wanted);
  assert.is(problems.length, 0, shown(problems));
});

deep.run();
