// Opening devices in Node under the environments that people have: no driver, many openings, a process that must end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCode } from '../support/child.js';

const test = suite('device in Node');
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent', PIX2PIXHD_ADAPTER: '', PIX2PIXHD_LIMITS: '' };
const HAS_SWIFTSHADER = process.platform === 'linux' && process.arch === 'x64';
const fallbackTest = HAS_SWIFTSHADER ? test : test.skip;

fallbackTest('without a driver SwiftShader steps in and says so once', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'pix2pixhd-'));
  try {
    const code = `
      for (let i = 0; i < 2; i++) {
        const device = await lib.openDevice();
        console.log(device.info.architecture);
        device.close();
      }`;
    const {
      code: exit,
      stdout,
      stderr,
    } = await runCode('src/device/node.ts', code, {
      env: { ...NO_DRIVERS, XDG_CACHE_HOME: cache },
    });
    assert.is(exit, 0, stderr);
    assert.is(stdout.trim().split('\n').join(), 'swiftshader,swiftshader');
    assert.is(stderr.split('SwiftShader computes on the CPU').length, 2, stderr);
  } finally {
    rmSync(cache, { recursive: true });
  }
});

test('200 devices opened and closed under forced collection: no crash, no growth, the process ends by itself', async () => {
  const code = `
    const cycle = async () => {
      const device = await lib.openDevice();
      await device.allocate([{ size: 4096, usage: 0x80 }]);
      device.close();
      globalThis.gc();
    };
    for (let i = 0; i < 20; i++) await cycle();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200; i++) await cycle();
    console.log((process.memoryUsage().rss - before) / 2 ** 20);`;
  const { code: exit, stdout, stderr } = await runCode('src/device/node.ts', code, { args: ['--expose-gc'] });
  assert.is(exit, 0, stderr);
  const growth = Number(stdout.trim());
  assert.ok(growth <= 50, `resident memory grew by ${growth} MiB`);
});

test.run();
