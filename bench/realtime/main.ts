// npm run bench -- --realtime: how soon the editor's picture follows the brush, in Node and in a page. Given files of --json it
// measures nothing, and sets the same net in other engines beside it.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { opensOf } from '../../src/edit/opens.js';
import type { Report } from '../report.js';
import { inChromium } from './chromium.js';
import { type Realtime, realtimeTable } from './measure.js';
import { inNode } from './node.js';
import { peersTable } from './peers.js';

const FILE = 'bench/REALTIME.md';

/** Between the marks of that name. */
function write(name: string, table: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = readFileSync(FILE, 'utf8');
  writeFileSync(FILE, `${text.split(begin)[0]}${begin}\n${table}\n${end}${text.split(end)[1]}`);
}

async function measured(): Promise<string> {
  const opens = await opensOf('examples/demo/earth.safetensors', {});
  const rows: Realtime[] = [];
  for (const measure of [inNode, inChromium]) {
    rows.push(await measure(opens));
    console.log(realtimeTable(rows.slice(-1)));
  }
  return realtimeTable(rows);
}

function compared(files: readonly string[]): string {
  const table = peersTable(files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report));
  console.log(table);
  return table;
}

const FLAG = { type: 'boolean' } as const;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { realtime: FLAG, write: FLAG } });
const [name, table] =
  positionals.length > 0 ? ['peers', compared(positionals)] : (['realtime', await measured()] as const);
if (values.write) write(name, table);
// Dawn keeps a device that nothing closes.
process.exit();
