// npm run docs:memory: writes docs/memory.md, what of the usual trainings and pictures fits which card, from
// `pix2pixhd train --dry-run` on this machine's adapter.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundleForNode } from './bundle.mjs';

const CARDS = [4, 8, 12, 24];
/** What a desktop and the driver keep for themselves. */
const KEPT_GB = 0.5;
/** What a column adds to the command line. */
const WAYS = [
  ...['none', 'norms', 'all'].map((mode) => ['--recompute', mode]),
  ['--precision', 'f16'],
  ['--precision', 'f16', '--recompute', 'all'],
];

const LOCAL = ['--net-g', 'local', '--ngf', '32', '--num-d', '3'];
const RECIPES = [
  { name: 'global', size: '512x256', options: [] },
  { name: 'global', size: '1024x512', options: [] },
  { name: 'global', size: '2048x1024', options: [] },
  { name: 'local (`--net-g local --ngf 32 --num-d 3`)', size: '1024x512', options: LOCAL },
  { name: 'local (`--net-g local --ngf 32 --num-d 3`)', size: '2048x1024', options: LOCAL },
];

const outfile = resolve('.cache', 'docs', 'main.mjs');
await bundleForNode({ entryPoints: ['src/cli/main.ts'], outfile });

function plan(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [outfile, 'train', '--dry-run', '--json', ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const gib = (bytes) => (bytes / 2 ** 30).toFixed(1);

function cell(bytes) {
  const card = CARDS.find((gb) => bytes <= (gb - KEPT_GB) * 2 ** 30);
  return `${gib(bytes)} (${card ? `${card} GB` : '–'})`;
}

const rows = [];
for (const { name, size, options } of RECIPES) {
  for (const vgg of [true, false]) {
    const plans = WAYS.map((way) => plan([...options, '--size', size, ...way, ...(vgg ? [] : ['--no-vgg-loss'])]));
    const [{ weightBytes, optimizerBytes }] = plans;
    const fixed = gib(weightBytes + optimizerBytes);
    const peaks = plans.map(({ leastBytes }) => cell(leastBytes));
    rows.push(`| ${[name, size.replace('x', '×'), vgg ? 'with' : 'without', fixed, ...peaks].join(' | ')} |`);
    console.error(rows.at(-1));
  }
}

const { limits } = plan(['--size', '512x256']);
writeFileSync(
  'docs/memory.md',
  `# What fits which card

Written by \`npm run docs:memory\`; do not edit. Each row is \`pix2pixhd train --dry-run --size WxH\`, batch 1, 35 classes with
instances. Figures are GiB of GPU memory at the fullest moment, without the transformed weights that are kept where memory is left, and behind them the smallest of the cards of
${CARDS.slice(0, -1).join(', ')} and ${CARDS.at(-1)} GB that holds it with ${KEPT_GB} GB left for the desktop; – none of them. Planned with bindings of
${limits.maxStorageBufferBindingSize / 2 ** 20} MiB on the adapter of the machine that wrote it; kernels of other adapters need a little more or less
beside the maps, which \`--dry-run\` tells there.

| generator | size | perceptual loss | weights and optimiser | \`--recompute none\` | \`norms\` | \`all\` | \`--precision f16\` | and \`--recompute all\` |
|---|---|---|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}

Painting needs no more than weights and a few maps, and where these are small up to 1 GiB (a quarter of \`--memory-gb\`) of transformed weights: \`pix2pixhd generate --checkpoint RUN --dry-run --size 2048x1024\`.
`,
);
