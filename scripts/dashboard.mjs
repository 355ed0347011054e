// The dashboard's page as the server sends it: index.html, page.js, page.css.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

export async function buildDashboard(outdir) {
  mkdirSync(outdir, { recursive: true });
  copyFileSync('dashboard/index.html', join(outdir, 'index.html'));
  await bundle({
    entryPoints: [
      { in: 'dashboard/main.tsx', out: 'page' },
      { in: 'dashboard/page.css', out: 'page' },
    ],
    platform: 'browser',
    minify: true,
    outdir,
  });
}
