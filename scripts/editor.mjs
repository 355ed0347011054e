// The editor's page as it is served, or put on any web server: index.html, editor.js, worker.js, editor.css.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundleForPainting } from './bundle.mjs';

export async function buildEditor(outdir) {
  mkdirSync(outdir, { recursive: true });
  copyFileSync('editor/index.html', join(outdir, 'index.html'));
  await bundleForPainting({
    entryPoints: [
      { in: 'editor/main.tsx', out: 'editor' },
      { in: 'editor/editor.css', out: 'editor' },
      { in: 'editor/painter/worker.ts', out: 'worker' },
    ],
    outdir,
  });
}
