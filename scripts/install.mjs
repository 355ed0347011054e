// Makes `npm test` work right after a clone: installs when something of package-lock.json is not there.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
};

/** Optional packages belong to other platforms and may rightly be absent. */
function missing() {
  const locked = Object.entries(packagesOf('package-lock.json'));
  const installed = packagesOf('node_modules/.package-lock.json');
  return locked.filter(([path, { version, optional }]) => path && !optional && installed[path]?.version !== version);
}

export function installIfStale() {
  const stale = missing();
  if (stale.length === 0) return;
  console.log(`Installing: ${stale.length} packages are missing or outdated (npm ci)`);
  const { status } = spawnSync('npm', ['ci'], { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}. See its output above`);
}
