import type { Device } from '../device/device.js';
import type { Choices, Choosable } from './choices.js';
import type { CompileOptions, Program } from './program.js';
import type { Effort, Tunable } from './tensor.js';
import { type Trial, trialOf } from './trial.js';
import { type Entry, keepTable, type Table, tableOf } from './tune-table.js';

// Selection by measurement: every candidate of a spec is checked against the plain one on a small application, then all are
// timed in rounds on the spec's own sizes.

/** One spec is done. */
export interface TuneEvent {
  done: number;
  total: number;
  spec: string;
  /** The candidate that is taken, and the milliseconds of all that were measured. */
  name: string;
  ms: Record<string, number>;
  /** Candidates that are not used on this device any more, and why. */
  banned: Record<string, string>;
  /** Why it could not be measured, so that the prior stays. */
  note?: string;
}

const SECONDS: Record<Effort, number> = { quick: 30, full: 600 };
const ROUNDS: Record<Effort, number> = { quick: 5, full: 9 };
/** A sample is about so long, else starting and ending it is what is measured. */
const SAMPLE_MS = 2;
const MOST_RUNS = 32;
/** Who takes so many times the best one's time in the first round is not measured again. */
const HOPELESS = 2;
/** Another than the prior has to be so much faster: noise must not decide. */
const CLEAR = 0.95;

/** Largest difference over the rms of the plain result: of sums in another order, and of Winograd's F(4×4). */
const BOUNDS = { plain: 2e-5, rounds: 1e-4 };

/** Largest difference over the root mean square; infinite for what is no number. */
function apart(got: ArrayLike<number>, plain: ArrayLike<number>): number {
  let [most, squares] = [0, 0];
  for (let i = 0; i < plain.length; i++) {
    const difference = Math.abs(got[i]! - plain[i]!);
    most = Number.isFinite(difference) ? Math.max(most, difference) : Number.POSITIVE_INFINITY;
    squares += plain[i]! ** 2;
  }
  return most === 0 ? 0 : most / Math.sqrt(squares / plain.length);
}

const worst = (got: Record<string, ArrayLike<number>>, plain: Record<string, ArrayLike<number>>): number =>
  Math.max(...Object.keys(plain).map((key) => apart(got[key]!, plain[key]!)));

/** What is wrong with a candidate, or null. A device that is lost is no fault of a candidate. */
async function faultOf(
  device: Device,
  trial: Trial,
  name: string,
  bound: number,
  plain: Record<string, ArrayLike<number>>,
): Promise<string | null> {
  try {
    const difference = worst(await (await trial.program(name)).run(trial.feeds), plain);
    if (difference <= bound) return null;
    return `its result differs from the plain kernel's by ${difference.toExponential(1)} of the rms, more than ${bound}`;
  } catch (error) {
    if (device.isLost()) throw error;
    return (error as Error).message.split('\n')[0]!;
  }
}

/** Faults of candidates on a small application, by name. */
async function faultsOf(device: Device, one: Choosable, names: readonly string[], precise: boolean) {
  const { tunable } = one;
  const trial = trialOf(device, one, { precise }, tunable.small());
  const faults: Record<string, string | null> = {};
  try {
    const plain = await (await trial.program('plain')).run(trial.feeds);
    for (const name of names) {
      const bound = tunable.rounds(name) ? BOUNDS.rounds : BOUNDS.plain;
      faults[name] = await faultOf(device, trial, name, bound, plain);
    }
  } finally {
    trial.close();
  }
  return faults;
}

/** Numeric classes are checked, and chosen, apart. */
const inClass = (text: string, precise: boolean): string => (precise ? `precise ${text}` : text);

/** The table's key of a check. */
const checkOf = ({ kind }: Tunable, name: string, precise: boolean): string => inClass(`${kind} ${name}`, precise);

/** Candidates that are right on this device, and those just found wrong; what is not known yet is checked. */
async function rightOnes(
  device: Device,
  one: Choosable,
  names: readonly string[],
  { checked }: Table,
  precise: boolean,
) {
  const key = (name: string) => checkOf(one.tunable, name, precise);
  const unknown = names.filter((name) => name !== 'plain' && checked[key(name)] === undefined);
  const faults = unknown.length > 0 ? await faultsOf(device, one, unknown, precise) : {};
  for (const [name, fault] of Object.entries(faults)) checked[key(name)] = fault;
  const right = names.filter((name) => name === 'plain' || checked[key(name)] === null);
  const banned = Object.entries(faults).filter((entry): entry is [string, string] => entry[1] !== null);
  return { right, banned: Object.fromEntries(banned) };
}

async function sampled({ feeds }: Trial, program: Program, runs: number): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: runs }, () => program.run(feeds, { readback: false })));
  return (performance.now() - start) / runs;
}

interface Runner {
  name: string;
  program: Program;
  /** Of the best sample. */
  ms: number;
  runs: number;
}

/** Milliseconds of every candidate, in rounds, so that what else the machine does falls on all; stops when `late`. */
async function timed(trial: Trial, names: readonly string[], rounds: number, late: () => boolean) {
  let runners: Runner[] = [];
  for (const name of names) {
    if (late() && runners.length > 0) break;
    const program = await trial.program(name);
    const first = await sampled(trial, program, 1);
    runners.push({ name, program, ms: first, runs: Math.min(MOST_RUNS, Math.ceil(SAMPLE_MS / first)) });
  }
  const all = runners;
  for (let round = 0; round < rounds && !(late() && round > 0); round++) {
    for (const runner of runners) runner.ms = Math.min(runner.ms, await sampled(trial, runner.program, runner.runs));
    const best = Math.min(...runners.map(({ ms }) => ms));
    runners = runners.filter(({ ms }) => ms < HOPELESS * best);
  }
  return Object.fromEntries(all.map(({ name, ms }) => [name, ms]));
}

/** The fastest, or the prior where that is not clearly slower. */
function fastest(ms: Record<string, number>, prior: string): string {
  const [best] = Object.entries(ms).sort(([, a], [, b]) => a - b);
  return best![1] < CLEAR * (ms[prior] ?? Number.POSITIVE_INFINITY) ? best![0] : prior;
}

type Outcome = Pick<TuneEvent, 'banned' | 'note'> & { entry: Entry };

async function measured(
  device: Device,
  one: Choosable,
  effort: Effort,
  table: Table,
  { limits, precise = false }: CompileOptions,
  late: () => boolean,
): Promise<Outcome> {
  const { tunable } = one;
  const { right, banned } = await rightOnes(device, one, tunable.names(effort), table, precise);
  const names = right.length > 0 ? right : ['plain'];
  if (names.length === 1) return { entry: { name: names[0]!, effort, ms: {} }, banned };
  const trial = trialOf(device, one, { limits, precise });
  try {
    const ms = await timed(trial, names, ROUNDS[effort], late);
    return { entry: { name: fastest(ms, tunable.prior), effort, ms }, banned };
  } finally {
    trial.close();
  }
}

/** Where measuring fails, as for want of memory, the prior may still do. */
const measuredOrPrior = (
  device: Device,
  one: Choosable,
  effort: Effort,
  ...rest: [Table, CompileOptions, () => boolean]
) =>
  measured(device, one, effort, ...rest).catch((error: Error): Outcome => {
    if (device.isLost()) throw error;
    const note = `not measured: ${error.message.split('\n')[0]}`;
    return { entry: { name: one.tunable.prior, effort, ms: {} }, banned: {}, note };
  });

/** The candidate of a spec that was not measured, where the prior's was found wrong on another one. */
function insteadOfPrior(tunable: Tunable, { checked }: Table, precise: boolean): string | undefined {
  const isWrong = (name: string) => typeof checked[checkOf(tunable, name, precise)] === 'string';
  return isWrong(tunable.prior) ? (tunable.names('quick').find((name) => !isWrong(name)) ?? 'plain') : undefined;
}

/** Seconds that tuning has taken on a device. */
const spent = new WeakMap<Device, number>();

/** The table's key of a spec. */
const keyOf = ({ spec }: Tunable, precise: boolean): string => inClass(spec, precise);

/**
 * Choices for the specs given, from the device's table or measured now, the largest first; those that the budget does not reach are
 * left out and stay open for the next start. @throws DeviceLostError, OutOfMemoryError
 */
export async function tuned(
  device: Device,
  all: readonly Choosable[],
  effort: Effort,
  options: CompileOptions,
): Promise<Choices> {
  const { precise = false, tuneSeconds = SECONDS[effort], onTune } = options;
  const table = await tableOf(device);
  const known = ({ tunable }: Choosable) => table.entries[keyOf(tunable, precise)];
  const open = all.filter((one) => known(one)?.effort !== 'full' && known(one)?.effort !== effort);
  const start = performance.now();
  const before = spent.get(device) ?? 0;
  const seconds = () => before + (performance.now() - start) / 1000;
  const late = () => seconds() >= tuneSeconds;
  let done = 0;
  for (const one of open) {
    if (late()) break;
    const { entry, ...outcome } = await measuredOrPrior(device, one, effort, table, options, late);
    table.entries[keyOf(one.tunable, precise)] = entry;
    spent.set(device, seconds());
    const { spec } = one.tunable;
    onTune?.({ done: ++done, total: open.length, spec, name: entry.name, ms: entry.ms, ...outcome });
  }
  if (done > 0) await keepTable(device);
  const chosen = all.flatMap((one): [string, string][] => {
    const name = known(one)?.name ?? insteadOfPrior(one.tunable, table, precise);
    return name !== undefined && one.tunable.allowed(name) ? [[one.tunable.spec, name]] : [];
  });
  return Object.fromEntries(chosen);
}
