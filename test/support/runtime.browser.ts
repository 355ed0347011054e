// '#runtime' in a browser tab; the server and the two functions on `globalThis` come from test/browser/chromium.mjs.

import { openDevice as open } from '../../src/device/browser.js';
import type { DeviceOptions } from '../../src/device/device.js';
import type { Counts } from './run.js';

const wantsDefaultLimits = new URLSearchParams(location.search).get('limits') === 'default';

export const openDevice = (options: DeviceOptions = {}) =>
  open(wantsDefaultLimits ? { limits: 'default', ...options } : options);

/** Bytes of a file, by its path under test/. */
export async function readFixture(path: string): Promise<Uint8Array> {
  const response = await fetch(`/test/${path}`);
  if (!response.ok) throw new Error(`test/${path}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export const write = (text: string): void => console.log(text);

export const report = (counts: Counts): void =>
  (globalThis as unknown as { reportCounts(counts: Counts): void }).reportCounts(counts);
