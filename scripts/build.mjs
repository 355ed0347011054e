// npm run build: dist/*.js for every entry of package.json, dist/types/ and the command line as one file.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, bundleForPages, bundleForPainting, REQUIRE } from './bundle.mjs';
import { buildDashboard } from './dashboard.mjs';
import { buildEditor } from './editor.mjs';
import { buildTraining } from './training.mjs';

/** Must run in a browser as they are. */
const UNIVERSAL = ['src/index.ts', 'src/engine.ts', 'src/browser.ts', 'src/train/index.ts'];
const NODE = ['src/node.ts'];
const CLI = 'src/cli/main.ts';

/** Static imports of anything outside the bundle, which a browser could not follow; by entry, through shared chunks. */
function foreignImports(outputs, file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  return outputs[file].imports
    .filter(({ kind }) => kind === 'import-statement')
    .flatMap(({ path, external }) => (external ? [path] : foreignImports(outputs, path, seen)));
}

function checkUniversal({ outputs }) {
  for (const [file, { entryPoint }] of Object.entries(outputs)) {
    const foreign = UNIVERSAL.includes(entryPoint) ? foreignImports(outputs, file) : [];
    if (foreign.length > 0) throw new Error(`${entryPoint} must run in a browser but imports ${foreign.join(', ')}`);
  }
}

/** One build for all library entries: shared chunks keep one copy of every error class and of every per-device table. */
async function buildLibrary() {
  const { metafile } = await bundle({
    entryPoints: [...UNIVERSAL, ...NODE],
    platform: 'node',
    outdir: 'dist',
    outbase: 'src',
    chunkNames: 'chunks/[hash]',
    splitting: true,
    metafile: true,
  });
  checkUniversal(metafile);
}

/** For pages, from a CDN as from npm. */
const buildForPages = () =>
  Promise.all([
    bundleForPainting({ entryPoints: ['src/web/index.ts'], outfile: 'dist/pix2pixhd.min.js' }),
    bundleForPages({ entryPoints: ['src/web/train.ts'], outfile: 'dist/pix2pixhd-train.min.js', options: false }),
  ]);

const buildCommandLine = () =>
  bundle({
    entryPoints: [CLI],
    platform: 'node',
    banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
    outfile: 'dist/cli/main.js',
  });

function emitTypes() {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('tsc found errors, see above');
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
await buildLibrary();
await buildForPages();
await buildEditor('dist/editor');
await buildCommandLine();
await buildDashboard('dist/dashboard');
await buildTraining('dist/training');
emitTypes();
