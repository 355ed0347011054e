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
  const pixels = transposed ? sizeOf(x) / x[1]! : y.length / (outputs * groups);
  return [inputs * taps + 1, outputs * taps * mirrored, pixels, y.length / (outputs * groups)];
}

const rms = (list: Float32Array): number => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0) / list.length);

/** Most that element i of a result may be off; `magnitude` is Σ|ab| + |bias|. */
export type Bound = (length: number, magnitude: Float32Array, wanted: Float32Array) => (i: number) => number;

/** 4·eps·√K·Σ|ab| + eps·|y|: sums in any order. */
export const anyOrder: Bound = (length, magnitude, wanted) => (i) =>
  4 * EPS * Math.sqrt(length) * magnitude[i]! + EPS * Math.abs(wanted[i]!) + TINY;

/** A share of the result's size, and never less than that share of what was summed: few sums that cancel have no size. */
export const shareOfSize =
  (share: number): Bound =>
  (_, magnitude, wanted) => {
    const allowed = share * Math.max(rms(wanted), rms(magnitude) / 8);
    return () => allowed;
  };

export interface Agreement {
  problems: string[];
  /** Largest difference as a fraction of its bound, by role. */
  worst: number[];
}

/** Trials with the plain results [y, dx, dw, db], and Σ|ab| of each. */
export interface Reference {
  trials: readonly Trial[];
  dyOf: DyOf;
  wanted: Float32Array[][];
  magnitudes: Float32Array[][];
}
type DyOf = (shape: readonly number[]) => Arr;

export async function referenceOf(device: Device, trials: readonly Trial[], dyOf: DyOf): Promise<Reference> {
  const wanted = await runTrials(device, trials, dyOf, { force: PLAIN });
  const sizes = await runTrials(device, trials.map(absolute), (shape) => abs(dyOf(shape)), { force: PLAIN });
  return { trials, dyOf, wanted: wanted.results, magnitudes: sizes.results };
}

/** Results of the forced candidates against the plain ones. */
export async function agreementWith(
  device: Device,
  { trials, dyOf, wanted, magnitudes }: Reference,
  options: CompileOptions & { force: Record<string, string> },
  bound: Bound = anyOrder,
): Promise<Agreement> {
  const found = (await runTrials(device, trials, dyOf, options)).results;
  const problems: string[] = [];
  const worst = [0, 0, 0, 0];
  trials.forEach((trial, t) => {
    const length = lengths(trial, wanted[t]![0]!);
    wanted[t]!.forEach((plain, role) => {
      const allowed = bound(length[role]!, magnitudes[t]![role]!, plain);
      const off = plain.reduce((most, v, i) => {
        const share = Math.abs(found[t]![role]![i]! - v) / allowed(i);
        return share <= most ? most : Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
      }, 0);
      worst[role] = Math.max(worst[role]!, off);
      if (off > 1) problems.push(`${ROLES[role]} of ${JSON.stringify(trial.spec)}: ${off} times its bound`);
    });
  });
  return { problems, worst };
}
