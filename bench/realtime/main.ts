// npm run bench -- --realtime: how soon the editor's picture follows the brush, in Node and in a page.

import { readFileSync, writeFileSync } from 'node:fs';
import { opensOf } from '../../src/edit/opens.js';
import { inChromium } from './chromium.js';
import { type Realtime, realtimeTable } from './measure.js';
import { inNode } from './node.js';

const FILE = 'bench/REALTIME.md';
const [BEGIN, END] = ['<!-- realtime -->', '<!-- /realtime -->'];

const opens = await opensOf('examples/demo/earth.safetensors', {});
const rows: Realtime[] = [];
for (const measure of [inNode, inChromium]) {
  rows.push(await measure(opens));
  console.log(realtimeTable(rows.slice(-1)));
}
if (process.argv.includes('--write')) {
  const text = readFileSync(FILE, 'utf8');
  writeFileSync(FILE, `${text.split(BEGIN)[0]}${BEGIN}\n${realtimeTable(rows)}\n${END}${text.split(END)[1]}`);
}
// Dawn keeps a device that nothing closes.
process.exit();
