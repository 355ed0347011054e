// Candidates of a convolution that no device here would choose, in all roles, against the twin. The priors' own are
// tested with the operators. Small tiles: LLVM takes a second for a kernel of sixteen channels.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkAll, shown } from '../graph/check.js';
import { convCases } from '../support/cases/conv.js';
import { openTestDevice } from '../support/device.js';

const test = suite('conv: candidates');

/** Odd tiles show what round ones hide. */
const FORCED = [
  { conv: 'plain', convWeight: 'plain' },
  { conv: 'direct-3x5', convWeight: 'direct-3x2' },
  { conv: 'quads-1x2x4', convWeight: 'quads-3' },
  { conv: 'quads-1x1x8-broadcast', convWeight: 'quads-8-broadcast' },
];

for (const force of FORCED) {
  test(Object.values(force).join(' and '), async () => {
    const wanted = Object.entries(convCases).map(([name, make], i) => ({ name, make, seed: 100 + i }));
    const problems = await checkAll(await openTestDevice(), wanted, { force });
    assert.is(problems.length, 0, shown(problems));
  });
}

test.run();
