// esbuild plugin: `import { KERNELS } from '#kernels'` is a hash of the shaders and of the code that makes kernels of them,
// so that what was measured of other kernels is never taken for these.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDERS = ['shaders', 'src/kernels', 'src/graph/lower'];

/** Above the importing file: this one may itself stand in a bundle somewhere else. */
export const rootAbove = (folder) => (existsSync(join(folder, FOLDERS[0])) ? folder : rootAbove(dirname(folder)));

function kernelsHash(root) {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(root, folder)).sort()) {
      hash.update(`${name}\n`).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

export const kernelsPlugin = {
  name: 'kernels',
  setup(build) {
    build.onResolve({ filter: /^#kernels$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'kernels',
      pluginData: rootAbove(resolveDir),
    }));
    build.onLoad({ filter: /.*/, namespace: 'kernels' }, ({ pluginData }) => ({
      contents: `export const KERNELS = ${JSON.stringify(kernelsHash(pluginData))};`,
    }));
  },
};
