// Opening devices in Node under the environments that people have: no driver, no loader, no cache folder.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tarEntries } from '../../src/device/swiftshader.js';
import { type ChildOptions, runCode } from '../support/child.js';

const test = suite('device in Node');
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent', PIX2PIXHD_ADAPTER: '', PIX2PIXHD_LIMITS: '' };
const HAS_SWIFTSHADER = process.platform === 'linux' && process.arch === 'x64';

const OPEN = `
  const device = await lib.openDevice();
  const { info, profile, limits } = device;
  console.log(JSON.stringify({ info, profile, limits, drivers: process.env.VK_DRIVER_FILES }));
  device.close();`;
const FAIL =
  'await lib.openDevice().then(() => console.log("opened"), (error) => console.log(error.code, error.message));';

const onNode = (code: string, options?: ChildOptions) => runCode('src/device/node.ts', code, options);

/** Runs `use` with the path of a fresh folder, which is gone afterwards. */
async function withFolder(use: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'pix2pixhd-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const fallbackTest = HAS_SWIFTSHADER ? test : test.skip;

fallbackTest('without a driver SwiftShader steps in and says so once', () =>
  withFolder(async (cache) => {
    const env = { ...NO_DRIVERS, XDG_CACHE_HOME: cache };
    const first = await onNode(
      OPEN +
        OPEN.replace('const device', 'const again')
          .replaceAll('device', 'again')
          .replace('const {', '0, {')
          .replace('0, { info, profile, limits } = again;', ''),
      { env },
    );
    assert.is(first.code, 0, first.stderr);
  }),
);

test.run();
