import type { Device } from '../device/device.js';
import { interfaceOf } from '../kernels/kernel.js';
import { type Dispatch, encode, type Region, type Window } from './dispatch.js';
import type { KernelTime } from './profile.js';
import { kernelStats } from './stats.js';
import type { View } from './tensor.js';

// How long every dispatch of a program takes, in a run that computes what any other does: by timestamps where they work, else by
// loops over single dispatches.

/** Where a view lies now. */
type WindowOf = (view: View) => Window;

/** Dispatches with a query for their begin and one for their end: WebGPU's sets hold 4096. */
const MOST_TIMED = 2048;
const USAGE = { QUERY_RESOLVE: 0x200, COPY_SRC: 0x04, COPY_DST: 0x08, MAP_READ: 0x01 } as const;

interface Clock {
  set: GPUQuerySet;
  /** Of dispatch `i`. */
  writes(i: number): GPUComputePassTimestampWrites;
  /** Nanoseconds: begin and end of the first `count`; what writes them is submitted before. */
  read(count: number): Promise<BigUint64Array>;
  close(): void;
}

function clockOf({ gpu }: Device): Clock {
  const set = gpu.createQuerySet({ type: 'timestamp', count: 2 * MOST_TIMED });
  const size = 16 * MOST_TIMED;
  const resolved = gpu.createBuffer({ size, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC });
  const staging = gpu.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
  return {
    set,
    writes: (i) => ({ querySet: set, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 }),
    async read(count) {
      const encoder = gpu.createCommandEncoder();
      encoder.resolveQuerySet(set, 0, 2 * count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16 * count);
      gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(1);
      const stamps = new BigUint64Array(staging.getMappedRange(0, 16 * count).slice(0));
      staging.unmap();
      return stamps;
    },
    close() {
      set.destroy();
      resolved.destroy();
      staging.destroy();
    },
  };
}

/** Browsers round timestamps to 100 µs and Dawn to 2^16 ns, which is longer than most kernels take. */
const COARSE = [100_000n, 65_536n];
const PROBES = 8;

/** Whether an adapter's timestamps are there, run forwards, and are fine enough. */
export function areFine(stamps: BigUint64Array): boolean {
  const forwards = stamps.every((stamp, i) => stamp > 0n && (i === 0 || stamp >= stamps[i - 1]!));
  return forwards && !COARSE.some((grain) => stamps.every((stamp) => stamp % grain === 0n));
}

const fine = new WeakMap<Device, Promise<boolean>>();

async function probed(device: Device): Promise<boolean> {
  if (!device.features.has('timestamp-query')) return false;
  const clock = clockOf(device);
  const encoder = device.gpu.createCommandEncoder();
  for (let i = 0; i < PROBES; i++) encoder.beginComputePass({ timestampWrites: clock.writes(i) }).end();
  device.gpu.queue.submit([encoder.finish()]);
  const stamps = await clock.read(PROBES);
  clock.close();
  return areFine(stamps);
}

/** Probed once a device. */
export function timestampsWork(device: Device): Promise<boolean> {
  const known = fine.get(device) ?? probed(device);
  fine.set(device, known);
  return known;
}

/** In the submits of a usual run, a pass each. */
async function byTimestamps(device: Device, submits: readonly (readonly Dispatch[])[]): Promise<KernelTime[]> {
  const clock = clockOf(device);
  const rows: KernelTime[] = [];
  let first: bigint | undefined;
  let waiting: Dispatch[] = [];
  const collect = async () => {
    const stamps = await clock.read(waiting.length);
    first ??= stamps[0]!;
    waiting.forEach((dispatch, i) => {
      const [begin, end] = [stamps[2 * i]!, stamps[2 * i + 1]!];
      rows.push({ ...kernelStats(dispatch), ms: Number(end - begin) / 1e6, at: Number(begin - first!) / 1e6 });
    });
    waiting = [];
  };
  for (const dispatches of submits) {
    for (let from = 0; from < dispatches.length; from += MOST_TIMED) {
      const part = dispatches.slice(from, from + MOST_TIMED);
      if (waiting.length + part.length > MOST_TIMED) await collect();
      const encoder = device.gpu.createCommandEncoder();
      part.forEach((dispatch, i) => encode([dispatch], encoder, clock.writes(waiting.length + i)));
      device.gpu.queue.submit([encoder.finish()]);
      waiting.push(...part);
    }
  }
  if (waiting.length > 0) await collect();
  clock.close();
  return rows;
}

/** A loop is about so long. */
const LOOP_MS = 3;
const MOST_REPEATS = 64;

async function submitted({ gpu }: Device, dispatches: readonly Dispatch[]): Promise<number> {
  const encoder = gpu.createCommandEncoder();
  encode(dispatches, encoder);
  const start = performance.now();
  gpu.queue.submit([encoder.finish()]);
  await gpu.queue.onSubmittedWorkDone();
  return performance.now() - start;
}

const writtenBy = ({ launch: { kernel, operands } }: Dispatch, window: WindowOf): Region[] =>
  interfaceOf(kernel.source).bindings.flatMap(({ name, write }) =>
    write && operands[name] ? [window(operands[name])] : [],
  );

/** Copies what a dispatch writes into `kept`, or back. */
function copy({ gpu }: Device, regions: readonly Region[], kept: GPUBuffer, back: boolean): void {
  const encoder = gpu.createCommandEncoder();
  let at = 0;
  for (const { buffer, offset, size } of regions) {
    if (back) encoder.copyBufferToBuffer(kept, at, buffer, offset, size);
    else encoder.copyBufferToBuffer(buffer, offset, kept, at, size);
    at += size;
  }
  gpu.queue.submit([encoder.finish()]);
}

const total = (regions: readonly Region[]): number => regions.reduce((sum, { size }) => sum + size, 0);

/** What a dispatch writes may be what it reads, so a loop over it begins and ends with what was there before. */
async function byRepeats(device: Device, dispatches: readonly Dispatch[], window: WindowOf): Promise<KernelTime[]> {
  const size = Math.max(4, ...dispatches.map((dispatch) => total(writtenBy(dispatch, window))));
  const [kept] = await device.allocate([{ label: 'profile', size, usage: USAGE.COPY_SRC | USAGE.COPY_DST }]);
  const rows: KernelTime[] = [];
  try {
    const empty = Math.min(...[await submitted(device, []), await submitted(device, []), await submitted(device, [])]);
    for (const dispatch of dispatches) {
      const regions = writtenBy(dispatch, window);
      copy(device, regions, kept!, false);
      const once = await submitted(device, [dispatch]);
      const repeats = Math.min(MOST_REPEATS, Math.floor(LOOP_MS / once));
      let ms = once - empty;
      if (repeats > 1) {
        ms = ((await submitted(device, new Array(repeats).fill(dispatch))) - empty) / repeats;
        copy(device, regions, kept!, true);
        await submitted(device, [dispatch]);
      }
      rows.push({ ...kernelStats(dispatch), ms: Math.max(ms, 1e-6) });
    }
  } finally {
    device.release(kept!);
  }
  return rows;
}

/** Runs all dispatches and times each. With timestamps they follow one another as ever, and `at` says when each began. */
export const timed = async (
  device: Device,
  submits: readonly (readonly Dispatch[])[],
  window: WindowOf,
): Promise<KernelTime[]> =>
  (await timestampsWork(device)) ? byTimestamps(device, submits) : byRepeats(device, submits.flat(), window);
