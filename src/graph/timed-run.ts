import { profileText } from './profile.js';
import type { Parts } from './run.js';
import { timed } from './timing.js';
import { traceOf } from './trace.js';

type Finishing = (encoder: GPUCommandEncoder) => void;

/** The side of a program's runs that is looked at: their time, and where it is asked for that of every kernel. */
export function timedRuns({ device, submits, stats, debug, window }: Parts) {
  const name = `${stats.dispatches} dispatches`;
  /** Timed runs wait between kernels, so they take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  /** All dispatches, and what follows behind the last. */
  const submit = async (finishing: Finishing) => {
    const kernels = await timed(device, submits, window);
    const encoder = device.gpu.createCommandEncoder();
    finishing(encoder);
    device.gpu.queue.submit([encoder.finish()]);
    return kernels;
  };
  return {
    wanted: () => debug >= 3 || traceOf(device)?.timing === true,
    inTurn<T>(run: () => Promise<T>): Promise<T> {
      const result = turn.then(run);
      turn = result.catch(() => {});
      return result;
    },
    /** Begins a run; the result ends it. */
    begin(): () => void {
      const start = performance.now();
      return () => void traceOf(device)?.spans.push({ lane: 'run', name, start, end: performance.now() });
    },
    submit,
    /** The same, for those who look. */
    async show(finishing: Finishing) {
      const start = performance.now();
      const kernels = await submit(finishing);
      traceOf(device)?.timed.push({ start, kernels });
      if (debug >= 3) console.log(profileText(kernels));
    },
  };
}
