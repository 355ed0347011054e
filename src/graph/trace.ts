import type { Device } from '../device/device.js';
import type { KernelTime } from './profile.js';

// What a device did and when, recorded while somebody asks for it: for reports, and for chrome://tracing.

/** Milliseconds of performance.now(). */
export interface Span {
  lane: 'compile' | 'run';
  name: string;
  start: number;
  end: number;
}

/** A run whose kernels were timed one by one. */
export interface TimedRun {
  start: number;
  kernels: KernelTime[];
}

export interface Trace {
  spans: Span[];
  timed: TimedRun[];
  /** While it is true, runs time their kernels: they give the same results, but take longer. */
  timing: boolean;
}

const traces = new WeakMap<Device, Trace>();

/** Records from now on; one trace a device. */
export function startTrace(device: Device): Trace {
  const trace: Trace = { spans: [], timed: [], timing: false };
  traces.set(device, trace);
  return trace;
}

export const stopTrace = (device: Device): void => void traces.delete(device);

export const traceOf = (device: Device): Trace | undefined => traces.get(device);

/** Share of the time from `start` to `end` in which no program ran, 0…1. */
export function idleShare({ spans }: Trace, start: number, end: number): number {
  const runs = spans.filter((span) => span.lane === 'run').sort((a, b) => a.start - b.start);
  let [busy, until] = [0, start];
  for (const run of runs) {
    const [from, to] = [Math.max(run.start, until), Math.min(run.end, end)];
    if (to <= from) continue;
    busy += to - from;
    until = to;
  }
  return 1 - busy / (end - start);
}

const PROCESS = 1;
const LANES = { compile: 1, run: 2, kernels: 3 } as const;
type Event = Record<string, string | number | object>;

const microseconds = (ms: number): number => Math.round(1e3 * ms * 1e3) / 1e3;

const complete = (lane: keyof typeof LANES, name: string, start: number, ms: number, args: object = {}): Event => ({
  name,
  ph: 'X',
  pid: PROCESS,
  tid: LANES[lane],
  ts: microseconds(start),
  dur: microseconds(ms),
  args,
});

/** Pipelines compile side by side, which only pairs of begin and end with an id can show. */
const sideBySide = ({ name, start, end }: Span, id: number): Event[] =>
  (['b', 'e'] as const).map((ph) => ({
    name,
    cat: 'compile',
    ph,
    id,
    pid: PROCESS,
    tid: LANES.compile,
    ts: microseconds(ph === 'b' ? start : end),
  }));

function kernelEvents({ start, kernels }: TimedRun): Event[] {
  let next = start;
  return kernels.map(({ op, candidate, shape, ms, at, flops, bytes }) => {
    const begin = at === undefined ? next : start + at;
    next = begin + ms;
    const rates = { 'GF/s': flops / ms / 1e6, 'GB/s': bytes / ms / 1e6 };
    return complete('kernels', `${op}.${candidate}`, begin, ms, { shape: shape.join('×'), ...rates });
  });
}

/**
 * The trace in Chrome's Trace Event Format (JSON object form), which chrome://tracing and ui.perfetto.dev open: compiling, runs from
 * submit to their end, and the kernels of the runs that were timed.
 */
export function chromeTrace({ spans, timed }: Trace): { traceEvents: Event[]; displayTimeUnit: 'ms' } {
  const names = Object.entries(LANES).map(
    ([name, tid]): Event => ({ name: 'thread_name', ph: 'M', pid: PROCESS, tid, args: { name } }),
  );
  const events = spans.flatMap((span, i) =>
    span.lane === 'compile' ? sideBySide(span, i) : [complete('run', span.name, span.start, span.end - span.start)],
  );
  return { traceEvents: [...names, ...events, ...timed.flatMap(kernelEvents)], displayTimeUnit: 'ms' };
}
