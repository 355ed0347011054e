// esbuild plugin: `import text from './kernel.wgsl'` gives the shader's text without what only people read. Markers that
// the assembler in src/kernels reads (`// @unroll` and the like) stay, and so do line starts.

import { readFile } from 'node:fs/promises';

export function stripWgsl(source) {
  return source
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/[ \t]*\/\/(?! @).*$/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .replace(/^\n/, '');
}

export const wgslPlugin = {
  name: 'wgsl',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({
      contents: stripWgsl(await readFile(path, 'utf8')),
      loader: 'text',
    }));
  },
};
