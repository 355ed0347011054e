// What is said and thrown about memory, for a device that is only a description.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Planned, withinMemory, withKept } from '../../src/cli/dry-run.js';
import { type Attempt, memoryReport } from '../../src/cli/memory.js';
import type { Device } from '../../src/device/device.js';
import { OutOfMemoryError } from '../../src/device/errors.js';
import { MemoryError } from '../../src/errors.js';
import { KEPT_BYTES } from '../../src/generate/generator.js';

const GIB = 2 ** 30;

const test = suite('memory report');

/** A GPU that has had `peakGb` allocated at most. */
const deviceWith = (peakGb = 0): Device =>
  ({
    limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
    profile: { kind: 'gpu', name: 'a GPU' },
    memory: () => ({ liveBytes: 0, peakBytes: peakGb * GIB, buffers: 0 }),
  }) as unknown as Device;

const attempt = (options: string, gb: number, seen?: string[]): Attempt => ({
  options,
  async estimate({ limits }) {
    seen?.push(options);
    if (gb > 100 && limits.maxBufferSize < 2 ** 40) throw new MemoryError('a plane is too large');
    const parts = { weightBytes: gb * GIB, optimizerBytes: 0, gradientBytes: 0, activationBytes: 0 };
    return {
      ...parts,
      peakBytes: gb * GIB,
      planBytes: 0,
      lowerBoundBytes: 0,
      scratchBytes: 0,
      otherBytes: 0,
      roughMs: [],
    };
  },
});

const planned = (gb: number): Planned => ({
  what: 'a test',
  asked: attempt('', gb),
  ways: () => [
    [attempt('--slow 1', 7), attempt('--slow 2', 5)],
    [attempt('--small 9', 6), attempt('--small 8', 4), attempt('--small 7', 2), attempt('--small 6', 1)],
    [attempt('--tiny', 0.5)],
  ],
});

test('of every way the mildest that fits is suggested, in the order of the ways', async () => {
  const { asked, ways } = planned(8);
  const report = await memoryReport(deviceWith(), asked, ways, 3 * GIB);
  assert.is(report.fits, false);
  assert.equal(
    report.suggestions.map(({ options }) => options),
    ['--small 7', '--tiny'],
  );
});

test('where it fits nothing else is planned', async () => {
  const seen: string[] = [];
  const ways = () => [[attempt('--never', 1, seen)]];
  const report = await memoryReport(deviceWith(), attempt('', 2), ways, 3 * GIB);
  assert.equal([report.fits, report.suggestions, seen], [true, [], []]);
});

test('what the limits forbid is told with what it would have taken', async () => {
  const report = await memoryReport(deviceWith(), attempt('', 200), () => [[attempt('--less', 1)]], undefined);
  assert.is(report.fits, false);
  assert.is(report.problem, 'a plane is too large');
  assert.is(report.estimate!.peakBytes, 200 * GIB);
  assert.equal(report.suggestions, [{ options: '--less', peakBytes: GIB }]);
});

const failing = async (device: Device, gb: number, memoryGb: number | undefined, use: () => Promise<void>) => {
  const said: string[] = [];
  const error = await withinMemory(device, planned(gb), memoryGb, (text) => void said.push(text), use).then(
    () => undefined,
    (e: Error) => e,
  );
  return { error, said };
};

test('too much is refused before anything is done', async () => {
  let done = false;
  const { error, said } = await failing(deviceWith(), 8, 3, async () => {
    done = true;
  });
  assert.instance(error, MemoryError);
  assert.match(error!.message, /weights +8\.00 GiB[^]*does not fit 3\.00 GiB\nwould fit: --small 7 \(2\.00 GiB\)/);
  assert.equal([done, said], [false, []]);
});

test('a device that runs out all the same ends with the table, and with what needs less than it gave', async () => {
  const { error, said } = await failing(deviceWith(4.5), 8, undefined, async () => {
    throw new OutOfMemoryError('The GPU ran out of memory', 5);
  });
  assert.match(said[0], /^Memory: 8\.00 GiB planned/);
  assert.instance(error, OutOfMemoryError);
  assert.match(error!.message, /ran out of memory[^]*weights +8\.00 GiB[^]*would fit: --small 8 \(4\.00 GiB\)/);
});

/** A training that takes `gb` and whatever it may keep. */
const keeping = (gb: number, bytes = 0): Planned => ({
  ...planned(gb + bytes / GIB),
  keep: bytes,
  keeping: (more) => keeping(gb, more),
});

test('a training keeps transformed weights in half of what it leaves, up to the most that pay', async () => {
  const kept = async (gb: number, memoryGb?: number) => (await withKept(deviceWith(), keeping(gb), memoryGb)).keep;
  assert.is(await kept(2, 3), GIB / 2);
  assert.is(await kept(2, 32), KEPT_BYTES);
  assert.is(await kept(2, undefined), 0, "a GPU's memory is not known");
  assert.is(await kept(4, 3), 0, 'what does not fit anyway is to say so as it is');
  const { asked, leastBytes } = await withKept(deviceWith(), keeping(2), 3);
  assert.is(leastBytes, 2 * GIB);
  assert.is((await asked.estimate(deviceWith())).peakBytes, 2.5 * GIB, 'it is planned as it will run');
});

test.run();
