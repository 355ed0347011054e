// npm run docs: writes docs/options.md from the option table.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from './bundle.mjs';

const outfile = resolve('.cache', 'docs', 'markdown.mjs');
await bundleForNode({ entryPoints: ['src/options/markdown.ts'], outfile });
const { optionsMarkdown } = await import(pathToFileURL(outfile).href);
writeFileSync('docs/options.md', optionsMarkdown());
