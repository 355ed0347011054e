// esbuild plugin: `import text from './kernel.wgsl'` gives the shader's text without what only people read. Markers that
// the assembler in src/kernels reads (`// @unroll` and the like) stay, and so do line starts.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootAbove } from './kernels-plugin.mjs';
import { shortLocals } from './short-locals.mjs';

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
      inStruct = line.startsWith('struct') ? !line.includes('}') : inStruct && !line.startsWith('}');
      const kept = marked || inStruct || line.includes('@') || !line.startsWith(' ');
      marked = line.includes('// @unroll');
      return kept ? line.replace(/^ +/, ' ') : ` ${line.trim().replace(/ ?([-+*/%=<>&|^(){},;:?!]+) ?/g, '$1')}`;
    })
    .join('\n');
}

/** Paths of all shaders below the project's root. */
export const shadersOf = (root) =>
  ['shaders', 'src/web'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.wgsl'))
      .map((name) => join(root, folder, name)),
  );

/** Of all together, since they share their short names. */
export function squeezedShaders(root) {
  const texts = shadersOf(root).map((path) => [path, squeezeWgsl(readFileSync(path, 'utf8'))]);
  return shortLocals(new Map(texts));
}

const pluginOf = (textOf) => ({
  name: 'wgsl',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({ contents: textOf(path), loader: 'text' }));
  },
});

export const wgslPlugin = pluginOf((path) => stripWgsl(readFileSync(path, 'utf8')));

let squeezed;
/** Lines marked `@joined` go at once: files that have any are never loaded but with what these stand for. */
export const squeezingPlugin = pluginOf((path) => {
  squeezed ??= squeezedShaders(rootAbove(dirname(path)));
  return squeezed.get(path).replace(/^.*\/\/ @joined\n/gm, '');
});
