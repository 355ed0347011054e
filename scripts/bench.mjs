// npm run bench: installs the engines to compare with, bundles the bench and runs it. `npm run bench -- --help` lists options.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installIfStale } from './install.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
installIfStale();
const wantsRealtime = process.argv.includes('--realtime');
if (!wantsRealtime) installIfStale('bench');

const { bundle, bundleForNode } = await import('./bundle.mjs');

const peersIn = (place) => ({ '#peers': resolve('bench', 'peers', `${place}.ts`) });

async function inNode() {
  const outfile = resolve('.cache', 'bench', 'main.mjs');
  await bundleForNode({ entryPoints: ['bench/main.ts'], outfile, alias: peersIn('load'), sourcemap: 'inline' });
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

/** The editor alone, beside no peers. */
async function realtime() {
  const { buildEditor } = await import('./editor.mjs');
  await buildEditor('.cache/bench/editor');
  const outfile = resolve('.cache', 'bench', 'realtime.mjs');
  await bundleForNode({ entryPoints: ['bench/realtime/main.ts'], outfile });
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

const FLAG = { type: 'boolean' };
const TEXT = { type: 'string' };

/** Options that mean something in a page; parseArgs refuses the others. */
async function inBrowser() {
  const options = { browser: FLAG, quick: FLAG, full: FLAG, case: TEXT, peers: TEXT, json: TEXT };
  const { json, browser: _, ...wishes } = parseArgs({ options }).values;
  const outfile = resolve('.cache', 'bench', 'page.mjs');
  await bundle({ entryPoints: ['bench/browser/page.ts'], outfile, platform: 'browser', alias: peersIn('load-page') });
  const { benchInChromium } = await import('../bench/browser/chromium.mjs');
  const report = await benchInChromium(outfile, wishes);
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}

const wantsBrowser = process.argv.includes('--browser') && !process.argv.includes('--help');
await (wantsRealtime ? realtime() : wantsBrowser ? inBrowser() : inNode());
