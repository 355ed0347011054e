// Timed runs compute what others do, whichever way their kernels are timed.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.js';
import { add, compile, destroy, input, mul, read, scale, variable } from '../../src/engine.js';
import { startTrace, stopTrace } from '../../src/graph/trace.js';
import { openTestDevice } from '../support/device.js';

const test = suite('timed runs');

const VALUES = Float32Array.from({ length: 60 }, (_, i) => i / 7);

/** A variable that every run changes in place: a kernel that ran twice would show. */
async function steps(device: Device, run: 'run' | 'profile') {
  const x = input([60]);
  const w = variable([60], () => VALUES.slice());
  const y = mul(x, w);
  const program = await compile(device, { inputs: { x }, outputs: { y }, updates: [[w, add(scale(w, 0.5), y)]] });
  const rows = [];
  for (let i = 0; i < 3; i++) rows.push(await program[run]({ x: VALUES }));
  const after = await read(device, w);
  const { dispatches } = program.stats;
  program.destroy();
  destroy(device, w);
  return { rows, after, dispatches };
}

test('by timestamps or by loops, a run in which kernels are timed leaves the bits that any run leaves', async () => {
  const device = await openTestDevice();
  const plain = await steps(device, 'run');
  const ways: Record<string, Device> = {
    'as the adapter can': { ...device },
    loops: { ...device, features: new Set() },
  };
  for (const [way, one] of Object.entries(ways)) {
    const { rows, after, dispatches } = await steps(one, 'profile');
    assert.equal(after, plain.after, way);
    for (const kernels of rows as { ms: number; at?: number }[][]) {
      assert.is(kernels.length, dispatches, way);
      assert.ok(
        kernels.every(({ ms }) => ms >= 0 && ms < 60_000),
        way,
      );
      const begins = kernels.map(({ at }) => at);
      if (way === 'loops' || begins[0] === undefined) assert.ok(begins.every((at) => at === undefined));
      else
        assert.equal(
          begins,
          [...begins].sort((a, b) => a! - b!),
          'one after the other',
        );
    }
  }
});

test('while a trace is kept, runs are told with begin and end, and their kernels where they are asked for', async () => {
  const device = { ...(await openTestDevice()) };
  const trace = startTrace(device);
  await steps(device, 'run');
  trace.timing = true;
  const { dispatches } = await steps(device, 'run');
  stopTrace(device);
  await steps(device, 'run');
  const runs = trace.spans.filter(({ lane }) => lane === 'run');
  assert.is(runs.length, 6);
  assert.ok(runs.every(({ start, end }) => end > start));
  assert.ok(trace.spans.some(({ lane }) => lane === 'compile'));
  assert.equal(
    trace.timed.map(({ kernels }) => kernels.length),
    [dispatches, dispatches, dispatches],
  );
});

test.run();
