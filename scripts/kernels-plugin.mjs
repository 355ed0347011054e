// esbuild plugin: `import { KERNELS } from '#kernels'` is a hash of the shaders and of the code that makes kernels of them,
// so that what was measured of other kernels is never taken for these.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the project's folder, where every script works: tests bundle this file, so its own place says nothing. */
const FOLDERS = ['shaders', 'src/kernels', 'src/graph/lower'];

export function kernelsHash() {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    for (const name of readdirSync(folder).sort()) {
      hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

export const kernelsPlugin = {
  name: 'kernels',
  setup(build) {
    build.onResolve({ filter: /^#kernels$/ }, ({ path }) => ({ path, namespace: 'kernels' }));
    build.onLoad({ filter: /.*/, namespace: 'kernels' }, () => ({
      contents: `export const KERNELS = ${JSON.stringify(kernelsHash())};`,
    }));
  },
};
