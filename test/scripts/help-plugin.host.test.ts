// Tables of options without their help: nothing else of them changes.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle } from '../../scripts/bundle.mjs';
import { withoutHelp } from '../../scripts/help-plugin.mjs';
import { OPTIONS } from '../../src/options/table.js';

const test = suite('options without help');

test('a build without help has every row of the table, and only its help is gone', async () => {
  const { outputFiles } = await bundle({
    entryPoints: ['src/options/table.ts'],
    platform: 'neutral',
    plugins: [withoutHelp],
    write: false,
  });
  const stripped = await import(`data:text/javascript;base64,${Buffer.from(outputFiles![0]!.text).toString('base64')}`);
  const bare = Object.entries(OPTIONS).map(([name, row]) => [name, { ...row, help: '' }]);
  assert.equal(stripped.OPTIONS, Object.fromEntries(bare));
});

test.run();
