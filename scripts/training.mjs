// The page that trains, as it is served, or put on any web server: index.html, training.js, worker.js, training.css, and the Earth
// set with a list of its files.

import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleForPages } from './bundle.mjs';

/** What a training reads of the set. */
const PARTS = ['train_label', 'train_inst', 'train_img', 'test_label', 'test_inst', 'test_img', 'classes.json'];

function copyEarth(outdir) {
  for (const part of PARTS) cpSync(join('examples/earth', part), join(outdir, part), { recursive: true });
  const files = readdirSync(outdir, { recursive: true }).map((path) => path.replaceAll('\\', '/'));
  const listed = files.filter((path) => /\.\w+$/.test(path) && path !== 'files.json').sort();
  writeFileSync(join(outdir, 'files.json'), JSON.stringify(listed));
}

export async function buildTraining(outdir) {
  mkdirSync(outdir, { recursive: true });
  copyFileSync('training/index.html', join(outdir, 'index.html'));
  copyEarth(join(outdir, 'earth'));
  await bundleForPages({
    entryPoints: [
      { in: 'training/main.tsx', out: 'training' },
      { in: 'training/training.css', out: 'training' },
      { in: 'training/worker/worker.ts', out: 'worker' },
    ],
    outdir,
  });
}
