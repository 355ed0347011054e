// A candidate against the plain one on the same device: how far apart their results may lie follows from the sums' lengths.

import type { Device } from '../../src/device/device.js';
import type { CompileOptions } from '../../src/graph/program.js';
import { EPS, TINY } from '../support/bounds.js';
import { type Arr, map, sizeOf } from '../twin/array.js';
import { runTrials, type Trial } from './conv-runs.js';

export const PLAIN = { conv: 'plain', convWeight: 'plain' };
export const ROLES = ['forward', 'data gradient', 'weight gradient', 'bias gradient'];

const abs = (values: Arr): Arr => map(values, Math.abs);
const absolute = (trial: Trial): Trial => ({
  ...trial,
  x: abs(trial.x),
  w: abs(trial.w),
  b: trial.b && abs(trial.b),
});

/** Products in the longest sum of each role; a mirrored border adds up to four of them. */
function lengths({ transposed, spec: { x, w, options } }: Trial, y: Float32Array): number[] {
  const taps = sizeOf(w.slice(2));
  const groups = options.groups ?? 1;
  const [inputs, outputs] = transposed ? [w[0]! / groups, w[1]!] : [w[1]!, w[0]! / groups];
  const mirrored = (options as { paddingMode?: string }).paddingMode === 'reflect' ? 4 : 1;
  const pixels = transposed ? (x[0]! * sizeOf(x)) / (x[0]! * x[1]!) : y.length / (outputs * groups);
  return [inputs * taps + 1, outputs * taps * mirrored, pixels, y.length / (outputs * groups)];
}

const rms = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);

/** Most that element i of a result may be off; `magnitude` is Σ|ab| + |bias|. */
type Bound = (length: number, magnitude: Float32Array, wanted: Float32Array) => (i: number) => number;

/** 4·eps·√K·Σ|ab| + eps·|y|: sums in any order. */
export const anyOrder: Bound = (length, magnitude, wanted) => (i) =>
  4 * EPS * Math.sqrt(length) * magnitude[i]! + EPS * Math.abs(wanted[i]!) + TINY;

/** A share of the result's size, and never less than that share of what was summed: few sums that cancel have no size. */
export const shareOfSize =
  (share: number): Bound =>
  (_, magnitude, wanted) =>
  () =>
    share * Math.max(rms(wanted), rms(magnitude) / 8);

export interface Agreement {
  problems: string[];
  /** Largest difference as a fraction of its bound, by role. */
  worst: number[];
}

/** [y, dx, dw, db] of all trials by the forced candidates and by the plain ones. */
export async function agreement(
  device: Device,
  trials: readonly Trial[],
  dyOf: (shape: readonly number[]) => Arr,
  options: CompileOptions & { force: Record<string, string> },
  bound: Bound = anyOrder,
): Promise<Agreement> {
  const found = (await runTrials(device, trials, dyOf, options)).results;
  const plain = (await runTrials(device, trials, dyOf, { force: PLAIN })).results;
  const sizes = await runTrials(device, trials.map(absolute), (shape) => abs(dyOf(shape)), { force: PLAIN });
  const problems: string[] = [];
  const worst = [0, 0, 0, 0];
  trials.forEach((trial, t) => {
    const length = lengths(trial, plain[t]![0]!);
    plain[t]!.forEach((wanted, role) => {
      const allowed = bound(length[role]!, sizes.results[t]![role]!, wanted);
      const off = wanted.reduce((most, v, i) => {
        const share = Math.abs(found[t]![role]![i]! - v) / allowed(i);
        return share <= most ? most : Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
      }, 0);
      worst[role] = Math.max(worst[role]!, off);
      if (off > 1) problems.push(`${ROLES[role]} of ${JSON.stringify(trial.spec)}: ${off} times its bound`);
    });
  });
  return { problems, worst };
}
