// Opening devices in Node under the environments that people have: no driver, no cache folder, no such adapter.

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tarEntries } from '../../src/device/swiftshader.js';
import { type ChildOptions, type Ended, runCode } from '../support/child.js';

const test = suite('device in Node');
/** SwiftShader comes for this platform alone. */
const onLinux = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent', PIX2PIXHD_ADAPTER: '', PIX2PIXHD_LIMITS: '' };

const OPEN = `
  for (let i = 0; i < 2; i++) {
    const device = await lib.openDevice();
    const { info, profile, limits } = device;
    device.close();
    if (i === 1) console.log(JSON.stringify({ info, profile, limits, drivers: process.env.VK_DRIVER_FILES }));
  }`;
const WAIT = `
  let rests = 0;
  const wait = Atomics.wait;
  Atomics.wait = (...args) => (rests++, wait(...args));
  const { gpu, close } = await lib.openDevice();
  const buffer = gpu.createBuffer({ size: 2 ** 26, usage: GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  encoder.clearBuffer(buffer);
  gpu.queue.submit([encoder.finish()]);
  await gpu.queue.onSubmittedWorkDone();
  close();
  console.log(JSON.stringify({ rests, threads: process.env.LP_NUM_THREADS }));`;
const FAIL = `
  await lib.openDevice({ adapter: process.env.WANTED }).then(
    () => console.log('opened'),
    (error) => console.log(error.name, error.code, error.exitCode, error.message),
  );`;

const run = (code: string, options?: ChildOptions): Promise<Ended> => runCode('src/device/node.ts', code, options);

/** Runs `use` with the path of a fresh folder, which is gone afterwards. */
async function withFolder(use: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'pix2pixhd-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const times = (text: string, part: string) => text.split(part).length - 1;

onLinux('without a driver SwiftShader steps in and says so in one line, once', () =>
  withFolder(async (cache) => {
    const { code, stdout, stderr } = await run(OPEN, { env: { ...NO_DRIVERS, XDG_CACHE_HOME: cache } });
    assert.is(code, 0, stderr);
    const { info, profile, drivers } = JSON.parse(stdout);
    assert.is(profile.name, 'swiftshader');
    assert.match(info.reason, 'no usable Vulkan driver');
    assert.is(drivers, '/nonexistent', "the user's environment is left as it was");
    assert.is(times(stderr, 'pix2pixhd:'), 1, stderr);
    assert.match(stderr, /100 times slower.*lavapipe/);
    const [folder] = readdirSync(join(cache, 'pix2pixhd-webgpu'));
    assert.equal(readdirSync(join(cache, 'pix2pixhd-webgpu')).length, 1, 'one folder, no drafts');
    assert.ok(statSync(join(cache, 'pix2pixhd-webgpu', folder, 'libvk_swiftshader.so')).size > 2 ** 20);
  }),
);

onLinux('who waits for a software adapter rests, and lavapipe has as many threads as are asked for', async () => {
  for (const asked of ['3', undefined]) {
    const { code, stdout, stderr } = await run(WAIT, { env: { ...NO_DRIVERS, LP_NUM_THREADS: asked } });
    assert.is(code, 0, stderr);
    const { rests, threads } = JSON.parse(stdout);
    assert.ok(rests > 0);
    const usual = 2 * availableParallelism();
    assert.is(threads, asked ?? (usual <= 32 ? String(usual) : undefined));
  }
});

onLinux('several processes unpack at once without getting in each other’s way', () =>
  withFolder(async (cache) => {
    const env = { ...NO_DRIVERS, XDG_CACHE_HOME: cache };
    const ended = await Promise.all([1, 2, 3].map(() => run(OPEN, { env })));
    for (const { code, stderr } of ended) assert.is(code, 0, stderr);
    assert.is(readdirSync(join(cache, 'pix2pixhd-webgpu')).length, 1);
  }),
);

onLinux('swiftshader can be asked for by name, without a notice', async () => {
  for (const env of [{ PIX2PIXHD_ADAPTER: 'swiftshader' }, { ...NO_DRIVERS, PIX2PIXHD_ADAPTER: 'SwiftShader' }]) {
    const { code, stdout, stderr } = await run(OPEN, { env });
    assert.is(code, 0, stderr);
    assert.is(JSON.parse(stdout).profile.name, 'swiftshader');
    assert.is(times(stderr, 'pix2pixhd:'), 0, stderr);
  }
});

onLinux('a cache folder that cannot be written to is an error with a next step', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { stdout } = await run(FAIL, { env: { ...NO_DRIVERS, XDG_CACHE_HOME: file } });
    assert.match(stdout, /^DeviceUnavailableError DEVICE_UNAVAILABLE 74 .*could not be unpacked.*XDG_CACHE_HOME/s);
  }),
);

test('an adapter that does not exist is refused by name', async () => {
  const { stdout } = await run(FAIL, { env: { WANTED: 'Voodoo 3' } });
  assert.match(stdout, /^DeviceUnavailableError DEVICE_UNAVAILABLE 74 No adapter answers to "Voodoo 3"; there are/);
});

test('PIX2PIXHD_LIMITS=default gives the guaranteed limits', async () => {
  const { stdout, stderr } = await run(OPEN, { env: { PIX2PIXHD_LIMITS: 'default' } });
  assert.is(JSON.parse(stdout || stderr).limits.maxStorageBuffersPerShaderStage, 8);
});

test('200 devices opened and closed, with the garbage collector in between, leak nothing and end by themselves', async () => {
  const cycles = `
    const megabytes = () => process.memoryUsage().rss / 2 ** 20;
    let settled;
    for (let i = 0; i < 200; i++) {
      const device = await lib.openDevice();
      const [buffer] = await device.allocate([{ size: 2 ** 20, usage: GPUBufferUsage.COPY_DST }]);
      device.gpu.queue.writeBuffer(buffer, 0, new Uint8Array(1024));
      await device.gpu.queue.onSubmittedWorkDone();
      device.close();
      await device.lost;
      gc();
      if (i === 20) settled = megabytes();
    }
    console.log(megabytes() - settled);`;
  const { code, signal, stdout, stderr } = await run(cycles, { args: ['--expose-gc'] });
  assert.is(code, 0, `${signal} ${stderr}`);
  assert.ok(Number(stdout) <= 50, `grew by ${stdout} MiB`);
});

test('a process with an open device ends by itself', async () => {
  const { code, stdout, signal } = await run('await lib.openDevice(); console.log("end");', { timeoutMs: 20_000 });
  assert.equal([code, signal, stdout.trim()], [0, null, 'end']);
});

test('reads the plain files of a tar archive', () => {
  const entry = (name: string, text: string, type = '0') => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(text.length.toString(8).padStart(11, '0'), 124);
    header.write(type, 156);
    const data = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    data.write(text);
    return Buffer.concat([header, data]);
  };
  const long = 'x'.repeat(513);
  const tar = Buffer.concat([
    entry('./a', 'one'),
    entry('folder/', '', '5'),
    entry('b', long),
    entry('c', ''),
    Buffer.alloc(1024),
  ]);
  const read = [...tarEntries(tar)].map(({ name, data }) => [name, data.toString()]);
  assert.equal(read, [
    ['a', 'one'],
    ['b', long],
    ['c', ''],
  ]);
});

test.run();
