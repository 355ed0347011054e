// npm run bench: installs the engines to compare with, bundles the bench and runs it. `npm run bench -- --help` lists options.

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfStale } from './install.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
installIfStale();
installIfStale('bench');

const { bundleForNode } = await import('./bundle.mjs');
const outfile = resolve('.cache', 'bench', 'main.mjs');
await bundleForNode({ entryPoints: ['bench/main.ts'], outfile, sourcemap: 'inline' });
const { status } = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
