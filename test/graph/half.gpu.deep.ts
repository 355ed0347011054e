// Convolutions on half floats by every kind of candidate.

import { suite } from 'uvu';
import { nameOf, PHASES, POLYPHASE, SUMS, WINOGRAD, WINOGRAD2 } from '../kernels/candidate-names.js';
import { CONVOLUTIONS, check } from './half.js';

const test = suite('half floats: candidates');

for (const force of [
  { conv: 'plain', convWeight: 'plain' },
  ...SUMS,
  ...PHASES,
  ...WINOGRAD,
  ...WINOGRAD2,
  ...POLYPHASE,
]) {
  test(nameOf(force), async () => {
    for (const [name, applied] of Object.entries(CONVOLUTIONS)) {
      await check(`${name} by ${nameOf(force)}`, applied, { force });
    }
  });
}

test.run();
