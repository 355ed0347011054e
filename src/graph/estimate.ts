import type { Device } from '../device/device.js';
import { costOf, roughMs } from './cost.js';
import type { Block } from './pack.js';
import { type Plan, sourcesOf } from './plan.js';
import { type CompileOptions, type ProgramSpec, planProgram } from './program.js';
import { readersOf } from './schedule.js';
import { bytesOf } from './storage.js';
import { type Node, rootOf, type Tensor } from './tensor.js';

/** Bytes that programs need which take turns in one arena, by what they are for. The parts add up to `peakBytes`. */
export interface MemoryEstimate {
  /** Everything that is allocated at the same time. */
  peakBytes: number;
  /** The largest sum of bytes of inputs and intermediates alive at one step: no plan for them can need less. */
  lowerBoundBytes: number;
  /** What the plan for them needs. */
  planBytes: number;
  weightBytes: number;
  /** Moments, averages, sums of gradients. */
  optimizerBytes: number;
  /** Of what is alive at the fullest step: gradients of weights, all other inputs and intermediates, and what one operator needs for itself. */
  gradientBytes: number;
  activationBytes: number;
  scratchBytes: number;
  /** Uniforms, buffers to read results through, and gaps in the plan. */
  otherBytes: number;
  /** Milliseconds of each program by the device's rough rates (`roughMs`). */
  roughMs: number[];
}

type Compiling = Omit<CompileOptions, 'arena'>;

const sum = (list: Iterable<number>): number => [...list].reduce((total, n) => total + n, 0);

/** Of what is allocated side by side; the times are those of the first. */
export function together(first: MemoryEstimate, others: readonly MemoryEstimate[]): MemoryEstimate {
  const { roughMs, ...bytes } = first;
  const names = Object.keys(bytes) as (keyof typeof bytes)[];
  const sums = names.map((name) => [name, others.reduce((total, other) => total + other[name], first[name])]);
  return { ...Object.fromEntries(sums), roughMs };
}

const roughMsOf = ({ steps }: Plan, { profile }: Device): number =>
  sum(steps.flatMap(({ launches }) => launches.map((launch) => roughMs(costOf(launch), profile))));

/** What is alive at a plan's fullest step, by the tensor that the memory was first given to. */
function occupantsAtPeak({ places, peakStep }: Plan): { tensor: Tensor; bytes: number; scratch: boolean }[] {
  const seen = new Set<Block>();
  return [...places].flatMap(([tensor, { parts, scratch }]) =>
    parts.flatMap(({ block }) => {
      const { bytes, first, last } = block;
      if (seen.has(block) || first > peakStep || peakStep > last) return [];
      seen.add(block);
      return [{ tensor, bytes, scratch }];
    }),
  );
}

/** Read by what makes the values of updates alone. */
function gradientsOf({ steps }: Plan, { updates = [] }: ProgramSpec): (tensor: Tensor) => boolean {
  const makers = new Set<Node>(updates.map(([, value]) => rootOf(value).node));
  const readers = readersOf(
    steps.map(({ node }) => node),
    rootOf,
  );
  return (tensor) => {
    const list = readers.get(tensor) ?? [];
    return !tensor.node.op.source && list.length > 0 && list.every((node) => makers.has(node));
  };
}

/** Of the arena that all of them run in: each of its buffers is as large as any of them needs it. */
function sharedBytes(plans: readonly Plan[]): number {
  const count = Math.max(...plans.map(({ arena }) => arena.length));
  return sum(Array.from({ length: count }, (_, i) => Math.max(...plans.map(({ arena }) => arena[i] ?? 0))));
}

/**
 * What compiling `specs` in one arena on this device would take, with nothing allocated.
 * @param optimizer those of the variables that belong to the optimiser, of programs whose variables are read back now and then
 * @throws MemoryError where a tensor exceeds the limits
 */
export async function estimateMemory(
  device: Device,
  specs: readonly ProgramSpec[],
  options: Compiling | ((spec: ProgramSpec) => Compiling) = {},
  optimizer?: ReadonlySet<Tensor>,
): Promise<MemoryEstimate> {
  const planned: Awaited<ReturnType<typeof planProgram>>[] = [];
  for (const spec of specs)
    planned.push(await planProgram(device, spec, typeof options === 'function' ? options(spec) : options));
  const plans = planned.map(({ plan }) => plan);
  const arenaOf = ({ plan }: { plan: Plan }) => sum(plan.arena);
  const largest = planned.reduce((a, b) => (arenaOf(b) > arenaOf(a) ? b : a));
  const planBytes = sharedBytes(plans);
  const variables = new Set(plans.flatMap((plan) => sourcesOf(plan, 'variable').map(({ outputs }) => outputs[0]!)));
  const bytes = (chosen: (tensor: Tensor) => boolean) => sum([...variables].filter(chosen).map(bytesOf));
  const [weightBytes, optimizerBytes] = [bytes((v) => !optimizer?.has(v)), bytes((v) => optimizer?.has(v) === true)];
  const savedBytes = optimizer ? Math.max(...[...variables].map(bytesOf)) : 0;

  const isGradient = gradientsOf(largest.plan, largest.spec);
  const alive = { gradient: 0, activation: 0, scratch: 0 };
  for (const { tensor, bytes, scratch } of occupantsAtPeak(largest.plan)) {
    alive[scratch ? 'scratch' : isGradient(tensor) ? 'gradient' : 'activation'] += bytes;
  }
  const uniforms = sum(planned.map(({ uniformBytes }) => uniformBytes));
  const readBytes = 2 * Math.max(...planned.map(({ readBytes }) => readBytes));
  const kept = new Map(plans.flatMap(({ once }) => once.map(({ kept }) => [kept.tensor, kept.bytes] as const)));
  const transfers = uniforms + readBytes + savedBytes + sum([...kept.values()]);
  return {
    peakBytes: weightBytes + optimizerBytes + planBytes + transfers,
    lowerBoundBytes: largest.plan.lowerBoundBytes,
    planBytes,
    weightBytes,
    optimizerBytes,
    gradientBytes: alive.gradient,
    activationBytes: alive.activation,
    scratchBytes: alive.scratch,
    otherBytes: transfers + planBytes - largest.plan.lowerBoundBytes,
    roughMs: plans.map((plan) => roughMsOf(plan, device)),
  };
}
