// npm run check:size: what a page loads, gzip, held to a budget and set beside what the peers load to run a convolution.
// `--write` puts the table into README.md.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!existsSync('dist/editor/editor.js')) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });

const EDITOR = ['index.html', 'editor.css', 'editor.js', 'worker.js'].map((file) => `dist/editor/${file}`);
/** KB. Of the editor 80 would do; what is there may only shrink. */
const OURS = [
  { what: 'paint: `pix2pixhd.min.js`', files: ['dist/pix2pixhd.min.js'], budget: 30 },
  { what: 'paint and train: `pix2pixhd-train.min.js`', files: ['dist/pix2pixhd-train.min.js'], budget: 60 },
  { what: 'the editor without its checkpoint', files: EDITOR, budget: 56 },
];

/** Each bundled by esbuild with one convolution, of the versions that bench/package.json names. */
const PEERS = [
  ['TensorFlow.js 4.22, core and WebGPU backend', '114 KB'],
  ['jax-js 0.1', '96 KB'],
  ['onnxruntime-web 1.30, WebGPU', '39 KB and 6.6 MB of wasm'],
  ['transformers.js', '160 KB and 6.6 MB of wasm'],
];

const kilobytes = (files) =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0) / 1000;

const rows = OURS.map(({ what, files, budget }) => ({ what, budget, size: kilobytes(files) }));
const table = [
  '| gzip | |',
  '|---|---:|',
  ...rows.map(({ what, size }) => `| ${what} | ${size.toFixed(1)} KB |`),
  ...PEERS.map(([what, size]) => `| ${what} | ${size} |`),
].join('\n');
console.log(table);

const [BEGIN, END] = ['<!-- sizes -->', '<!-- /sizes -->'];
if (process.argv.includes('--write')) {
  const readme = readFileSync('README.md', 'utf8');
  const [before, rest] = readme.split(BEGIN);
  writeFileSync('README.md', `${before}${BEGIN}\n${table}\n${END}${rest.split(END)[1]}`);
}
const over = rows.filter(({ size, budget }) => size > budget);
for (const { what, size, budget } of over) console.error(`${what}: ${size.toFixed(1)} KB, the budget is ${budget} KB`);
process.exitCode = over.length > 0 ? 1 : 0;
