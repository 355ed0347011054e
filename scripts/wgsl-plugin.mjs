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

/**
 * The same with less white space, for pages. Only inside of functions: the assembler knows declarations and marked lines by how
 * they are written.
 */
export function squeezeWgsl(source) {
  let marked = false;
  let inStruct = false;
  return stripWgsl(source)
    .split('\n')
    .map((line) => {
      inStruct = line.startsWith('struct') || (inStruct && !line.startsWith('}'));
      const kept = marked || inStruct || line.includes('@') || !line.startsWith(' ');
      marked = line.includes('// @unroll');
      return kept ? line.replace(/^ +/, ' ') : ` ${line.trim().replace(/ ?([-+*/%=<>&|^(){},;:?!]+) ?/g, '$1')}`;
    })
    .join('\n');
}

const pluginOf = (transform) => ({
  name: 'wgsl',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({
      contents: transform(await readFile(path, 'utf8')),
      loader: 'text',
    }));
  },
});

export const wgslPlugin = pluginOf(stripWgsl);
export const squeezingPlugin = pluginOf(squeezeWgsl);
