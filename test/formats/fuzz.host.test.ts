import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './mutate.js';
import { targets } from './targets.js';

const test = suite('fuzzing the readers');

test('3,000 mutations a reader: accepted or refused by name, never anything else', async () => {
  for (const [name, { accepted, refused }] of Object.entries(await fuzz(targets, 3000, 20240930))) {
    assert.ok(refused > 500, `${name}: only ${refused} refused, the mutations miss the structure`);
    assert.ok(accepted > 0, `${name}: none accepted, the seed itself may be bad`);
  }
});

test.run();
