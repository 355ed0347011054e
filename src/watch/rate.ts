// Rate and end of a run, from the times of its log where the log does not tell them itself.

import { type History, latest } from './history.js';

/** Steps that the present rate is taken from: single ones vary, and the first compiles. */
const RECENT = 50;

const median = (values: readonly number[]): number | undefined =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Seconds that a step takes at present: the median of the last ones, which pauses for checkpoints do not touch. */
export function secondsPerStep({ steps, columns }: History): number | undefined {
  const times = (columns.get('time') ?? []).slice(-RECENT - 1);
  const last = steps.slice(-RECENT - 1);
  const taken = times.slice(1).map((time, i) => (time - times[i]!) / 1000 / (last[i + 1]! - last[i]!));
  return median(taken.filter((seconds) => seconds > 0));
}

/** Where epochs begin, counted in steps done before, as far as the log shows whole ones. */
function stepsPerEpoch({ steps, columns }: History): number | undefined {
  const epochs = columns.get('epoch') ?? [];
  const ends = steps.filter((_, i) => epochs[i + 1]! > epochs[i]!).slice(0, 2);
  if (steps[0] === 1 && epochs[0] === 1 && ends.length > 0) return ends[0];
  return ends.length === 2 ? ends[1]! - ends[0]! : undefined;
}

/** Steps of the whole schedule, known once the log has seen an epoch end. */
export function totalOf(history: History, { niter, niterDecay }: Record<string, unknown>): number | undefined {
  const total = latest(history, 'total');
  if (total !== undefined) return total;
  const perEpoch = stepsPerEpoch(history);
  if (perEpoch === undefined || typeof niter !== 'number' || typeof niterDecay !== 'number') return undefined;
  return perEpoch * (niter + niterDecay);
}

/** Seconds to the end of the schedule. */
export function secondsLeft(history: History, config: Record<string, unknown>): number | undefined {
  const total = totalOf(history, config);
  const seconds = secondsPerStep(history);
  const step = history.steps.at(-1) ?? 0;
  return total === undefined || seconds === undefined ? undefined : Math.max(0, (total - step) * seconds);
}
