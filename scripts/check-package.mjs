// npm run check:package: what somebody gets who installs the package: packed, installed into an empty folder, every entry
// imported and type-checked, the command line run; then the opinions of publint and attw.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { name, exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
const modules = Object.keys(entries).filter((entry) => !entry.endsWith('.json'));
const specifiers = modules.map((entry) => name + entry.slice(1));

/** By one name each, so that a check fails when an entry is empty. */
const USED = {
  '.': 'loadGenerator',
  './node': 'openDevice',
  './browser': 'openDevice',
  './engine': 'conv2d',
  './train': 'createTrainer',
  './web': 'loadGenerator',
  './web-train': 'createTrainer',
};

function run(cwd, command, ...args) {
  console.log(`$ ${command} ${args.join(' ')}`);
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function checkEntries(folder) {
  const lines = modules.map((entry, i) => `import { ${USED[entry]} as x${i} } from '${specifiers[i]}';`);
  const uses = modules.map((_, i) => `if (typeof x${i} !== 'function') throw new Error('x${i}');`);
  writeFileSync(join(folder, 'use.mjs'), [...lines, ...uses].join('\n'));
  // `.a` of a typed function is an error, of `any` it is none: types must really have been found.
  const typed = modules.flatMap((_, i) => ['// @ts-expect-error', `x${i}.a;`]);
  writeFileSync(join(folder, 'use.ts'), [...lines, ...typed].join('\n'));
  run(folder, process.execPath, 'use.mjs');
  for (const resolution of ['node16', 'bundler']) {
    const module = resolution === 'node16' ? 'node16' : 'esnext';
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom', '--types', ''];
    const tsc = resolve('node_modules/typescript/bin/tsc');
    run(folder, process.execPath, tsc, ...options, '--module', module, '--moduleResolution', resolution, 'use.ts');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'package-'));
try {
  const [{ filename }] = JSON.parse(run('.', 'npm', 'pack', '--json', '--pack-destination', folder));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  run(folder, 'npm', 'install', '--no-audit', '--no-fund', join(folder, filename));
  checkEntries(folder);
  const cli = join(folder, 'node_modules', '.bin', 'pix2pixhd');
  for (const args of [['--version'], ['train', '--help'], ['devices', '--json']]) run(folder, cli, ...args);
  console.log(run('.', 'npx', 'publint', '--strict', join(folder, filename)));
  console.log(run('.', 'npx', 'attw', '--profile', 'esm-only', join(folder, filename)));
  console.log('The package is in order.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
