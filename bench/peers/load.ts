// The peers are installed in bench/node_modules and never bundled; their types are not there before they are installed.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { chooseAdapter } from '../../src/device/node.js';

const manifest = resolve('bench', 'package.json');

export const load = (name: string): any => createRequire(manifest)(name);

/** The one that bench/package.json pins. */
export const versionOf = (name: string): string => JSON.parse(readFileSync(manifest, 'utf8')).dependencies[name];

/** Lets libraries written for browsers find Dawn, and the adapter that is measured. */
export function pretendBrowser(adapter: string | undefined): void {
  const gpu = {
    requestAdapter: async () => (await chooseAdapter({ adapter })).adapter,
    getPreferredCanvasFormat: () => 'rgba8unorm',
    wgslLanguageFeatures: new Set(),
  };
  const value = { gpu, userAgent: 'Node', hardwareConcurrency: 2 };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}
