// A training's settings where the tables of options are left out.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle } from '../../scripts/bundle.mjs';
import { defaultsOnly } from '../../scripts/defaults-plugin.mjs';
import { trainSettings } from '../../src/train/settings.js';

const test = suite('defaults without options');

test('a build without the tables of options has the settings of one with them', async () => {
  const { outputFiles } = await bundle({
    entryPoints: ['src/train/settings.ts'],
    platform: 'neutral',
    plugins: [defaultsOnly],
    write: false,
  });
  const { text } = outputFiles![0]!;
  const { trainSettings: bare } = await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
  const given = { labelNc: 5, ngf: 8 };
  const known = Object.entries(trainSettings(given)).filter(([, value]) => value !== undefined);
  assert.equal(bare(given), Object.fromEntries(known));
  assert.not.match(text, /min:|choices:/);
});

test.run();
