// What a trace tells: the share of time without work, and Chrome's Trace Event Format.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { areFine } from '../../src/graph/timing.js';
import { chromeTrace, idleShare, type Span, type Trace } from '../../src/graph/trace.js';

const test = suite('trace');

const run = (start: number, end: number): Span => ({ lane: 'run', name: 'run', start, end });
const traceWith = (...spans: Span[]): Trace => ({ spans, timed: [], timing: false });

test('the device is idle where no run is, and runs that overlap count once', () => {
  const share = (...spans: Span[]) => idleShare(traceWith(...spans), 100, 200);
  assert.is(share(), 1);
  assert.is(share(run(100, 200)), 0);
  assert.is(share(run(150, 190), run(110, 130)), 0.4);
  assert.is(share(run(110, 150), run(120, 130), run(140, 160)), 0.5);
  assert.is(share(run(0, 110), run(190, 300)), 0.8);
  assert.is(share({ ...run(100, 200), lane: 'compile' }), 1);
});

/** As chrome://tracing and Perfetto read it: complete events, begins with their ends, names of threads; microseconds. */
function checkEvents({ traceEvents }: { traceEvents: Record<string, any>[] }): void {
  const open = new Map<string, number>();
  for (const event of traceEvents) {
    assert.type(event.name, 'string');
    assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid));
    if (event.ph === 'M') continue;
    assert.ok(Number.isFinite(event.ts));
    if (event.ph === 'X') assert.ok(event.dur >= 0, 'a duration');
    else if (event.ph === 'b') open.set(`${event.cat} ${event.id}`, event.ts);
    else {
      assert.is(event.ph, 'e');
      assert.ok(event.ts >= open.get(`${event.cat} ${event.id}`)!, 'an end behind its begin');
      open.delete(`${event.cat} ${event.id}`);
    }
  }
  assert.is(open.size, 0, 'begins without end');
}

test('a trace is in the format that Chrome opens', () => {
  const kernel = { op: 'conv2d', candidate: 'plain', shape: [1, 8, 4, 4], workgroups: 1, flops: 3e6, bytes: 5e3 };
  const trace: Trace = {
    spans: [{ lane: 'compile', name: 'conv.plain', start: 1, end: 8 }, { lane: 'compile', name: 'relu', start: 2, end: 5 }, run(9, 12)], // biome-ignore format: spans
    timed: [{ start: 9, kernels: [{ ...kernel, ms: 0.5, at: 0 }, { ...kernel, ms: 1, at: 1 }] }], // biome-ignore format: kernels
    timing: false,
  };
  const read = JSON.parse(JSON.stringify(chromeTrace(trace)));
  checkEvents(read);
  const kernels = read.traceEvents.filter(({ name }: { name: string }) => name === 'conv2d.plain');
  assert.equal(
    kernels.map(({ ts, dur }: { ts: number; dur: number }) => [ts, dur]),
    [
      [9000, 500],
      [10000, 1000],
    ],
  );
  assert.equal(kernels[0].args, { shape: '1×8×4×4', 'GF/s': 6, 'GB/s': 0.01 });
  const lanes = read.traceEvents.filter(({ ph }: { ph: string }) => ph === 'M');
  assert.equal(
    lanes.map(({ args }: { args: { name: string } }) => args.name),
    ['compile', 'run', 'kernels'],
  );
});

test('kernels without a begin follow one another', () => {
  const kernel = { op: 'relu', candidate: 'vec4', shape: [4], workgroups: 1, flops: 0, bytes: 32 };
  const timed = [{ start: 2, kernels: [{ ...kernel, ms: 3 }, { ...kernel, ms: 4 }] }]; // biome-ignore format: kernels
  const { traceEvents } = chromeTrace({ spans: [], timed, timing: false });
  assert.equal(
    traceEvents.filter(({ ph }) => ph === 'X').map(({ ts }) => ts),
    [2000, 5000],
  );
});

test('timestamps that are rounded, stand still at 0 or run backwards are not used', () => {
  assert.is(areFine(BigUint64Array.of(1_000_123n, 1_000_456n, 1_000_456n)), true);
  assert.is(areFine(BigUint64Array.of(1_000_000n, 1_100_000n, 1_500_000n)), false);
  assert.is(areFine(BigUint64Array.of(65_536n, 131_072n)), false);
  assert.is(areFine(BigUint64Array.of(0n, 0n)), false);
  assert.is(areFine(BigUint64Array.of(1_000_456n, 1_000_123n)), false);
});

test.run();
