// npm run bench -- --realtime: how soon the editor's picture follows the brush, in Node and in a page.

import { readFileSync, writeFileSync } from 'node:fs';
import { opensOf } from '../../src/edit/opens.js';
import { inChromium } from './chromium.js';
import { realtimeTable } from './measure.js';
import { inNode } from './node.js';

const FILE = 'bench/REALTIME.md';
const [BEGIN, END] = ['<!-- realtime -->', '<!-- /realtime -->'];

const opens = await opensOf('examples/demo/earth.safetensors', {});
const page = await inChromium(opens);
const table = realtimeTable([await inNode(opens), page]);
console.log(table);
if (process.argv.includes('--write')) {
  const text = readFileSync(FILE, 'utf8');
  writeFileSync(FILE, `${text.split(BEGIN)[0]}${BEGIN}\n${table}\n${END}${text.split(END)[1]}`);
}
// Dawn keeps a device that nothing closes.
process.exit();
