// npm run demo: installs and builds what is missing, then trains on the Earth set and paints the Americas.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installIfStale } from './install.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
installIfStale();

const run = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
process.exitCode = run('scripts/build.mjs') || run('dist/cli/main.js', 'demo', ...process.argv.slice(2));
