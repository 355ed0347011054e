// The event loop rests while anything of the device is awaited, and only then. Dawn's classes are stood in for.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { restWhileWaiting } from '../../src/device/resting.js';

const test = suite('resting');

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class Queue {
  readonly #name = 'queue';

  async onSubmittedWorkDone(ms: number): Promise<string> {
    // As Dawn does: it asks at every turn.
    const end = performance.now() + ms;
    while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
    if (ms === 0) throw new Error('lost');
    return this.#name;
  }
}

class Buffer {
  async mapAsync(): Promise<void> {}
}

class Device {
  async createComputePipelineAsync(): Promise<void> {}
}

/** What the loop slept while `fn` ran. */
async function rests(fn: () => Promise<unknown>): Promise<number[]> {
  const slept: number[] = [];
  const wait = Atomics.wait;
  Atomics.wait = ((...args: Parameters<typeof wait>) => {
    slept.push(args[3]!);
    return wait(...args);
  }) as typeof wait;
  try {
    await fn();
  } finally {
    Atomics.wait = wait;
  }
  return slept;
}

restWhileWaiting({ GPUQueue: Queue, GPUBuffer: Buffer, GPUDevice: Device });
const queue = new Queue();

test('what is awaited comes as it would', async () => {
  assert.is(await queue.onSubmittedWorkDone(1), 'queue');
  await queue.onSubmittedWorkDone(0).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'lost'),
  );
});

test('longer the longer it takes, a millisecond at most', async () => {
  const slept = await rests(() => queue.onSubmittedWorkDone(300));
  assert.ok(slept.length > 10 && slept[0]! < 1, `${slept.length} rests, the first of ${slept[0]} ms`);
  assert.is(Math.max(...slept), 1);
});

test('from the first turn on for as long as the last waits all took', async () => {
  for (let i = 0; i < 8; i++) await queue.onSubmittedWorkDone(100);
  const slept = await rests(() => queue.onSubmittedWorkDone(100));
  assert.equal(slept.slice(0, 10), Array(10).fill(1));
  await queue.onSubmittedWorkDone(0.1);
  const after = await rests(() => queue.onSubmittedWorkDone(100));
  assert.ok(after[9]! < 1, 'one was shorter');
});

test('once a turn, however many wait', async () => {
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  const slept = await rests(async () => {
    setImmediate(count);
    const waits = Array.from({ length: 5 }, (_, i) => queue.onSubmittedWorkDone(10 + 10 * i));
    await waits[0];
    await Promise.all([...waits, queue.onSubmittedWorkDone(60)]);
    done = true;
  });
  assert.ok(slept.length <= turns + 1, `${slept.length} rests in ${turns} turns`);
});

test('not while nothing is awaited', async () => {
  await queue.onSubmittedWorkDone(1);
  await later(5);
  assert.equal(await rests(() => later(20)), []);
});

test.run();
