// --profile: the kernels of the first step or picture, how long the device waited between the next ones, and all of it as a
// trace for chrome://tracing.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Device } from '../device/device.js';
import { fileError, UsageError } from '../errors.js';
import { profileText } from '../graph/profile.js';
import { timestampsWork } from '../graph/timing.js';
import { chromeTrace, idleShare, type Span, startTrace, stopTrace, type Trace } from '../graph/trace.js';

export interface Profiler {
  /** After every step or picture. */
  done(): void;
  /** Says what there is to say, if it was not said yet. */
  end(): void;
}

/** So many after the first tell how long the device waits. */
const WATCHED = 10;
const MOST_LINES = 40;

/** Where the trace goes, with `--profile` alone into the folder of the results. @throws UsageError for a name that is none of a trace */
export function tracePath(given: string, folder: string): string {
  if (given === '') return join(folder, 'profile.json');
  if (given.endsWith('.json')) return given;
  throw new UsageError(`--profile: got ${given}, wanted a file that ends in .json`, {
    fix: 'Give --profile FILE.json, or --profile behind the other arguments',
  });
}

/** @throws IOError */
function writeTrace(path: string, trace: Trace): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(chromeTrace(trace)));
  } catch (error) {
    throw fileError(error as NodeJS.ErrnoException, path);
  }
}

function compileText(spans: readonly Span[]): string {
  const compiled = spans.filter(({ lane }) => lane === 'compile');
  if (compiled.length === 0) return 'No pipeline was compiled';
  const ms = Math.max(...compiled.map(({ end }) => end)) - Math.min(...compiled.map(({ start }) => start));
  return `${compiled.length} pipelines compiled, the last was there ${(ms / 1000).toFixed(1)} s after the first was begun`;
}

function kernelsText({ timed }: Trace, unit: string, stamps: boolean): string[] {
  const kernels = timed.flatMap((run) => run.kernels);
  if (kernels.length === 0) return [];
  const ms = kernels.reduce((sum, kernel) => sum + kernel.ms, 0);
  const lines = profileText(kernels).split('\n');
  const more = lines.length - MOST_LINES;
  return [
    `Kernels of the first ${unit}, by ${stamps ? 'timestamps' : 'loops over each'}: ${kernels.length} dispatches, ${ms.toFixed(1)} ms`,
    ...lines.slice(0, MOST_LINES),
    ...(more > 0 ? [`      and ${more} more, less than any of these`] : []),
  ];
}

/** Times the device's kernels from now on; says and writes what there is some steps after the first, or at `end`. */
async function profiler(device: Device, unit: string, path: string, say: (text: string) => void): Promise<Profiler> {
  const stamps = await timestampsWork(device);
  const trace = startTrace(device);
  trace.timing = true;
  let start = 0;
  let count = 0;
  let reported = false;
  const end = () => {
    if (reported || count === 0) return;
    reported = true;
    stopTrace(device);
    const idle = (100 * idleShare(trace, start, performance.now())).toFixed(1);
    const waited = count > 1 ? [`In the next ${count - 1} the device had nothing to do for ${idle} % of the time`] : [];
    writeTrace(path, trace);
    const open = `Trace: ${path} (open it in chrome://tracing or https://ui.perfetto.dev)`;
    say([...kernelsText(trace, unit, stamps), compileText(trace.spans), ...waited, open].join('\n'));
  };
  return {
    done() {
      if (reported) return;
      if (++count === 1) {
        trace.timing = false;
        start = performance.now();
      }
      if (count === 1 + WATCHED) end();
    },
    end,
  };
}

/** What --profile asks for, or undefined where it is not given. With --json the report goes to stderr all the same. */
export async function profilerOf(
  device: Device,
  unit: 'step' | 'picture',
  { profile, out, json }: { profile?: string; out: string; json: boolean },
  say: (text: string) => void,
): Promise<Profiler | undefined> {
  if (profile === undefined) return undefined;
  return profiler(device, unit, tracePath(profile, out), json ? (text) => console.error(text) : say);
}
