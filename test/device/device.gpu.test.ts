// A device's memory count, errors and end, in every runtime.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '#runtime';
import { DeviceLostError, OutOfMemoryError, ValidationError } from '../../src/device/errors.js';
import { compile, input, relu } from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';

const test = suite('device');
const STORAGE = 0x80;
const KIB = 1024;

/** What `promise` rejects with; fails where it resolves. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

test('reports limits, a profile and why it was chosen', async () => {
  const { limits, profile, info, gpu } = await openTestDevice();
  for (const [name, value] of Object.entries(limits)) {
    assert.is(value, (gpu.limits as unknown as Record<string, number>)[name], name);
    assert.ok(value > 0, name);
  }
  assert.ok(profile.name.length > 0 && profile.gflops > 0 && profile.gbps > 0);
  assert.ok(info.reason.length > 0);
});

test('asks for the features it can use and for no others', async () => {
  const { features, gpu } = await openTestDevice();
  for (const name of features) assert.ok(gpu.features.has(name), name);
  assert.is(features.has('shader-f16'), gpu.features.has('shader-f16'));
});

test('knows the subgroup size only where subgroups are on', async () => {
  const { features, profile } = await openTestDevice();
  if (!features.has('subgroups')) assert.is(profile.subgroupSize, null);
  else assert.ok(profile.subgroupSize === null || Number.isInteger(Math.log2(profile.subgroupSize)));
});

test('counts the bytes of live buffers', async () => {
  const device = await openDevice();
  const buffers = await device.allocate([KIB, 2 * KIB, 4 * KIB].map((size) => ({ size, usage: STORAGE })));
  assert.equal(device.memory(), { liveBytes: 7 * KIB, peakBytes: 7 * KIB, buffers: 3 });
  device.release(buffers[1]);
  device.release(buffers[1]);
  assert.equal(device.memory(), { liveBytes: 5 * KIB, peakBytes: 7 * KIB, buffers: 2 });
  await device.allocate([{ size: KIB, usage: STORAGE }]);
  assert.equal(device.memory(), { liveBytes: 6 * KIB, peakBytes: 7 * KIB, buffers: 3 });
  device.close();
  assert.equal(device.memory(), { liveBytes: 0, peakBytes: 7 * KIB, buffers: 0 });
});

test('64 GiB are a typed error that leaves nothing behind', async () => {
  const device = await openTestDevice();
  const before = device.memory();
  const size = 64 * 2 ** 30;
  const error = await rejection(
    device.allocate([
      { size: KIB, usage: STORAGE },
      { label: 'arena', size, usage: STORAGE },
    ]),
  );
  assert.instance(error, OutOfMemoryError);
  assert.is((error as OutOfMemoryError).code, 'OUT_OF_MEMORY');
  assert.is((error as OutOfMemoryError).requestedBytes, size + KIB);
  assert.match((error as Error).message, /"arena".*65,536 MiB.*smaller/s);
  assert.equal(device.memory(), before);
});

test('one bad buffer of several takes the others with it', async () => {
  const device = await openTestDevice();
  const before = device.memory();
  const error = await rejection(
    device.allocate([
      { size: KIB, usage: STORAGE },
      { size: KIB, usage: 0 },
    ]),
  );
  assert.instance(error, ValidationError);
  assert.equal(device.memory(), before);
});

test('a refused call names what was attempted', async () => {
  const device = await openTestDevice();
  const error = await rejection(
    device.checked('the upload of weights', () => device.gpu.createBuffer({ size: 4, usage: 0 })),
  );
  assert.instance(error, ValidationError);
  assert.match((error as Error).message, 'the upload of weights');
});

test('a pipeline that does not compile is a refused call too', async () => {
  const { gpu, checked } = await openTestDevice();
  const compile = async () => {
    const module = gpu.createShaderModule({ code: 'fn main( {' });
    return gpu.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  };
  const error = await rejection(checked('pipeline relu', compile));
  assert.instance(error, ValidationError);
  assert.match((error as Error).message, 'pipeline relu');
});

test('checked() passes on what the function returns and throws', async () => {
  const { checked } = await openTestDevice();
  assert.is(await checked('a', () => 1), 1);
  assert.is(await checked('b', async () => 2), 2);
  const own = new RangeError('own');
  const thrown = await rejection(checked('c', () => Promise.reject(own)));
  assert.is(thrown, own);
});

test('an error outside checked() surfaces at the next call, once', async () => {
  const device = await openDevice();
  device.gpu.createBuffer({ size: 4, usage: 0 });
  await device.gpu.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.instance(await rejection(device.allocate([])), ValidationError);
  assert.equal(await device.allocate([]), []);
  device.close();
});

test('close() destroys every buffer and the device, once', async () => {
  const device = await openDevice();
  const [buffer] = await device.allocate([{ size: KIB, usage: STORAGE | 0x4 }]);
  let closed = 0;
  device.onClose(() => closed++);
  assert.not(device.isLost());
  device.close();
  device.close();
  assert.is(closed, 1);
  assert.ok(device.isLost());
  const error = await device.lost;
  assert.instance(error, DeviceLostError);
  assert.is(error.reason, 'destroyed');
  assert.instance(await rejection(buffer.mapAsync(1)), Error);
  assert.is(await rejection(device.allocate([])), error);
  assert.is(await rejection(device.checked('x', () => 1)), error);
});

test('a device lost under way is a typed error', async () => {
  const device = await openDevice();
  const attempt = device.checked('a step', async () => {
    device.gpu.destroy();
    await device.lost;
  });
  const error = (await rejection(attempt)) as DeviceLostError;
  assert.instance(error, DeviceLostError);
  assert.is(error.code, 'DEVICE_LOST');
  assert.is(error.exitCode, 75);
  assert.ok(device.isLost());
  device.close();
});

test('a run that nothing is read of says that its device was lost', async () => {
  const device = await openDevice();
  const x = input([1, 1, 64, 64]);
  const program = await compile(device, { inputs: { x }, outputs: { y: relu(x) } });
  const feeds = { x: new Float32Array(4096) };
  await program.run(feeds, { readback: false });
  const run = program.run(feeds, { readback: false });
  device.gpu.destroy();
  assert.instance(await rejection(run), DeviceLostError);
  device.close();
});

test('default limits are the ones WebGPU guarantees', async () => {
  const device = await openDevice({ limits: 'default' });
  assert.is(device.limits.maxStorageBufferBindingSize, 128 * 2 ** 20);
  assert.is(device.limits.maxBufferSize, 256 * 2 ** 20);
  assert.is(device.limits.maxComputeInvocationsPerWorkgroup, 256);
  device.close();
});

test('limits can be capped below the guaranteed ones', async () => {
  const device = await openDevice({
    limits: { maxStorageBufferBindingSize: 65536, minStorageBufferOffsetAlignment: 256 },
  });
  assert.is(device.limits.maxStorageBufferBindingSize, 65536);
  assert.is(device.limits.minStorageBufferOffsetAlignment, 256);
  device.close();
});

test('limits the adapter does not have are refused by name', async () => {
  const tooMuch = (await rejection(openDevice({ limits: { maxBufferSize: 2 ** 52 } }))) as Error;
  assert.match(tooMuch.message, /maxBufferSize: 4503599627370496 was asked, the adapter has \d+/);
  const unknown = (await rejection(openDevice({ limits: { maxTeapots: 1 } }))) as Error;
  assert.match(unknown.message, /maxTeapots/);
});

test('an unknown adapter is refused with a list of those that exist', async () => {
  const error = (await rejection(openDevice({ adapter: 'no such adapter' }))) as Error;
  assert.match(error.message, /No adapter answers to "no such adapter"; there (are: \w|are none)/);
});

test.run();
