// Makes `npm test` work right after a clone: installs when something of package-lock.json is not there.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
};

/** Optional packages belong to other platforms and may rightly be absent. */
function missing(folder) {
  const locked = Object.entries(packagesOf(join(folder, 'package-lock.json')));
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'));
  return locked.filter(([path, { version, optional }]) => path && !optional && installed[path]?.version !== version);
}

/** Of the project, or of a folder in it that has a package.json of its own. */
export function installIfStale(folder = '.') {
  const stale = missing(folder);
  if (stale.length === 0) return;
  const where = folder === '.' ? '' : ` of ${folder}`;
  console.log(`Installing: ${stale.length} packages${where} are missing or outdated (npm ci)`);
  const { status } = spawnSync('npm', ['ci'], { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}. See its output above`);
}
