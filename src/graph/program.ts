import type { Device } from '../device/device.js';
import { type Arena, createArena } from './arena.js';
import { type Choices, choose } from './choices.js';
import { sizeOf } from './chunks.js';
import { binder, cut, record, uniformBytes } from './dispatch.js';
import type { Precision } from './half.js';
import { countGuards, debugLevel, paintGuards, profileText, summary } from './inspect.js';
import { changed, isStale, keeper, letGo } from './kept.js';
import { scale } from './ops/pointwise.js';
import { bytesOf, type Plan, plan, sourcesOf } from './plan.js';
import type { DebugLevel, KernelStats, KernelTime } from './profile.js';
import { type Recompute, recomputed } from './recompute.js';
import { runner } from './run.js';
import { schedule } from './schedule.js';
import { materialise, stateOf } from './storage.js';
import { type Effort, GraphError, isTensor, refuse, rootOf, type Tensor } from './tensor.js';
import type { TuneEvent } from './tune.js';

/** Values for one input, in row-major order. */
export type Feed = Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array | number | readonly number[];
export type Feeds = Record<string, Feed>;

export interface ProgramSpec {
  inputs?: Record<string, Tensor>;
  outputs?: Record<string, Tensor>;
  /** After a run the variable holds the value, computed from what it held before. */
  updates?: readonly (readonly [variable: Tensor, value: Tensor])[];
}

export interface CompileOptions {
  /** Called as the program's distinct pipelines become ready, that is compiled and warm. */
  onProgress?(done: number, total: number): void;
  /** Only candidates that round no more than plain sums do: no Winograd. */
  precise?: boolean;
  /** How intermediates are stored: `f16` takes half the memory, and rounds what is between two kernels to 11 bits. Default `f32`. */
  precision?: Precision;
  /** Op name → candidate name, e.g. `{ conv: 'plain' }`. */
  force?: Record<string, string>;
  /** False: every elementwise op is a kernel of its own, and every op packs for itself. The results are the same bits. */
  fuse?: boolean;
  /**
   * Measures the candidates of the program's convolutions on this device and takes the fastest; one whose results are not the plain
   * kernel's is banned. What was measured is kept in `device.cache`. `quick` measures the few that win somewhere, `full` all.
   * Default: off, the device's kind decides.
   */
  tune?: 'off' | Effort;
  /** Most seconds that this device's tuning may take in all; what is not measured by then keeps the prior. Default 30, with `full` 600. */
  tuneSeconds?: number;
  /** Called for every spec that is tuned. */
  onTune?(event: TuneEvent): void;
  /** Candidates that were chosen before, taken as they are; what is chosen beside them is added. Keep it, and bits repeat. */
  choices?: Choices;
  /** What updates compute again instead of keeping it, to the same bits: less memory, more time. Default `none`. */
  recompute?: Recompute;
  /**
   * Bytes on this device that what is made of variables which no run changes, such as transformed weights, may take to be kept for the next
   * run. Default 0: every run makes it.
   */
  keep?: number;
  /** Memory shared with other programs: `createArena`. Without it the program has its own. */
  arena?: Arena;
  /** Smaller limits than the device's, for planning as if on another. */
  limits?: { maxStorageBufferBindingSize?: number; maxBufferSize?: number };
  /** Prints what is compiled and run; default: the environment variable PIX2PIXHD_DEBUG, else silent. */
  debug?: DebugLevel;
  /** Bytes left unused, with a known pattern, behind every block: `program.guards()` then reports overwritten ones. */
  guardBytes?: number;
}

export interface ProgramStats {
  dispatches: number;
  /** Distinct pipelines this program uses. */
  pipelines: number;
  /** Of those the ones that the device did not have before. */
  compiled: number;
  /** Milliseconds until all were compiled and warm. */
  compileMs: number;
  submits: number;
  /** Bytes this program needs: arena (inputs, intermediates, outputs), uniforms and read-back buffers. */
  peakBytes: number;
  /** The largest sum of bytes alive at one step: no plan can need less. */
  lowerBoundBytes: number;
  /** Bytes of the variables it uses, shared with other programs. */
  variableBytes: number;
  /** Bytes of what is kept from run to run, shared with other programs. */
  keptBytes: number;
  flops: number;
  kernels: KernelStats[];
}

export interface RunOptions {
  /** Default true; without it outputs stay on the device and the result is empty. */
  readback?: boolean;
  /** Adds commands right behind the run's own, where its outputs (`buffer`) are still there whatever runs next. */
  after?(encoder: GPUCommandEncoder): void;
  /** Called as the device gets on, with the share of the work that is done, up to 1. */
  onProgress?(share: number): void;
}

export interface Program {
  run(feeds?: Feeds, options?: RunOptions): Promise<Record<string, Float32Array | Int32Array>>;
  /** Where an output stays on the device; bytes. Valid until the next run of a program in the same arena. */
  buffer(output: string): { buffer: GPUBuffer; offset: number; size: number };
  readonly stats: ProgramStats;
  /** A whole run, every dispatch timed: by timestamps where the adapter's are fine enough, else in loops, which takes long. */
  profile(feeds?: Feeds): Promise<KernelTime[]>;
  /** Number of guard bytes that changed (0 unless `guardBytes` was given and a kernel writes out of range). */
  guards(): Promise<number>;
  /** Frees the program's own memory; variables and a shared arena stay. */
  destroy(): void;
}

function checkSpec({ inputs = {}, outputs = {}, updates = [] }: ProgramSpec, p: Plan): void {
  const fed = new Set(Object.values(inputs));
  for (const [name, tensor] of Object.entries(inputs)) {
    if (!isTensor(tensor) || tensor.node.op.source !== 'input')
      refuse('compile', `inputs.${name}`, 'another tensor', 'one made by input()');
  }
  for (const node of sourcesOf(p, 'input')) {
    if (!fed.has(node.outputs[0]!))
      refuse(
        'compile',
        'inputs',
        `no name for an input of [${node.outputs[0]!.shape.join(', ')}]`,
        'every input that the outputs depend on',
      );
  }
  for (const [variable, value] of updates) {
    if (variable.shape.join() !== value.shape.join())
      refuse('compile', 'updates', value.shape, `[${variable.shape.join(', ')}], the shape of the variable`);
  }
  if (Object.keys(outputs).length + updates.length === 0)
    throw new GraphError('compile: outputs: got none, wanted at least one output or update');
}

function checkTensors({ outputs = {}, updates = [] }: ProgramSpec): void {
  for (const [name, tensor] of Object.entries(outputs))
    if (!isTensor(tensor)) refuse('compile', `outputs.${name}`, tensor, 'a tensor');
  const targets = new Set<Tensor>();
  for (const [variable, value] of updates) {
    if (!isTensor(variable) || variable.node.op.source !== 'variable')
      refuse('compile', 'updates', 'another tensor', 'a variable');
    if (!isTensor(value)) refuse('compile', 'updates', value, 'a tensor');
    if (targets.has(variable)) refuse('compile', 'updates', 'one variable twice', 'each variable once');
    targets.add(variable);
  }
}

/** Updates whose values have memory of their own: one that is fed, another variable, given twice or a part is copied first. */
function ownValues(updates: NonNullable<ProgramSpec['updates']>): [variable: Tensor, value: Tensor][] {
  const taken = new Set<Tensor>();
  return updates.map(([variable, value]) => {
    const root = rootOf(value);
    const shared = root.node.op.source !== undefined || taken.has(root) || sizeOf(root.shape) !== sizeOf(value.shape);
    taken.add(root);
    return [variable, shared ? scale(value, 1) : value];
  });
}

/** The plan under the device's limits or the smaller ones asked for. */
async function planFor(
  device: Device,
  outputs: Tensor[],
  updates: [Tensor, Tensor][],
  options: CompileOptions,
): Promise<Plan> {
  const { limits, profile } = device;
  const least = (name: 'maxStorageBufferBindingSize' | 'maxBufferSize') =>
    Math.min(limits[name], options.limits?.[name] ?? Number.POSITIVE_INFINITY);
  const chosen = await choose(device, schedule([...outputs, ...updates.map(([, value]) => value)]), options);
  return plan({
    outputs,
    updates,
    limits: {
      maxStorageBufferBindingSize: least('maxStorageBufferBindingSize'),
      maxBufferSize: least('maxBufferSize'),
    },
    device: profile,
    precise: options.precise === true,
    precision: options.precision,
    candidate: (op, spec) => options.force?.[op] ?? (spec && chosen[spec]),
    fuse: options.fuse,
    guardBytes: options.guardBytes,
    keep: options.keep ? keeper(stateOf(device), options.keep) : undefined,
  });
}

/**
 * What `compile` would do on this device, without memory of it: nothing is allocated, no variable's data is asked for.
 * @throws MemoryError where a tensor exceeds the limits
 */
export async function planProgram(
  device: Device,
  given: ProgramSpec,
  options: CompileOptions = {},
): Promise<{ spec: ProgramSpec; plan: Plan; uniformBytes: number; readBytes: number }> {
  const spec = recomputed(given, options.recompute);
  const outputs = Object.values(spec.outputs ?? {});
  const plan = await planFor(device, outputs, ownValues(spec.updates ?? []), options);
  return { spec, plan, uniformBytes: uniformBytes(plan), readBytes: readBytesOf(outputs) };
}

/** Bytes of one of the two buffers that results are read back through. */
const readBytesOf = (outputs: readonly Tensor[]): number => outputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0);

/**
 * Plans, compiles and allocates a program. Everything a run needs is made here: a run writes inputs, re-encodes the recorded
 * dispatches and reads outputs back.
 * @throws GraphError for a spec that does not hold together, MemoryError where a tensor exceeds the limits, OutOfMemoryError.
 */
export async function compile(device: Device, given: ProgramSpec, options: CompileOptions = {}): Promise<Program> {
  checkTensors(given);
  const spec = recomputed(given, options.recompute);
  const { inputs = {}, outputs = {} } = spec;
  const updates = ownValues(spec.updates ?? []);
  const p = await planFor(device, Object.values(outputs), updates, options);
  checkSpec(spec, p);
  const variables = sourcesOf(p, 'variable').map((node) => node.outputs[0]!);
  const named = Object.entries(outputs);
  const readBytes = readBytesOf(Object.values(outputs));
  const arena = options.arena ?? createArena(device);
  const owned: GPUBuffer[] = [];
  const own = async (size: number, usage: number, label: string) => {
    const [buffer] = await device.allocate([{ size, usage, label }]);
    owned.push(buffer!);
    return buffer!;
  };
  const state = stateOf(device);
  const kept = p.once.map((one) => one.kept);
  for (const one of kept) one.users++;
  const release = () => {
    for (const one of kept) letGo(device, state, one);
    for (const buffer of owned) device.release(buffer);
    if (!options.arena) arena.destroy();
  };

  try {
    await arena.reserve(p.arena, readBytes);
    // Last, so that where there is no room no variable has lost its data to a device.
    await materialise(device, [...variables, ...kept.map(({ tensor }) => tensor)]);
    const { parts, window } = binder(device, p, arena);
    const recorded = await record(device, p, window, own, options.onProgress);
    const { pipelines, uniforms, rebind } = recorded;
    const dispatches = [...recorded.dispatches];
    const once = p.once.map(({ kept, launches }) => ({ kept, made: dispatches.splice(0, launches.length) }));
    const submits = cut(dispatches, device.profile);
    /** Before a run: what has to be made anew. */
    const stale = () => once.flatMap(({ kept, made }) => (isStale(state, kept) ? [made] : []));
    const stats: ProgramStats = {
      dispatches: dispatches.length,
      pipelines: pipelines.count,
      compiled: pipelines.compiled,
      compileMs: pipelines.ms,
      submits: submits.length,
      peakBytes: p.arena.reduce((sum, bytes) => sum + bytes, 0) + uniforms.size + 2 * readBytes,
      lowerBoundBytes: p.lowerBoundBytes,
      variableBytes: variables.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
      keptBytes: kept.reduce((sum, { bytes }) => sum + bytes, 0),
      flops: dispatches.reduce((sum, { stats }) => sum + stats.flops, 0),
      kernels: dispatches.map(({ stats }) => stats),
    };
    if (options.guardBytes) paintGuards(device, p, arena);
    const guards = async () => (options.guardBytes ? countGuards(device, p, arena) : 0);
    const debug = debugLevel(options.debug);
    if (debug >= 1) console.log(`compiled: ${summary(stats)}`);
    if (debug === 2) console.log(profileText(stats.kernels));
    const ran = () =>
      changed(
        state,
        updates.map(([variable]) => variable),
      );
    return runner({
      device,
      p,
      inputs,
      named,
      parts,
      submits,
      stale,
      ran,
      arena,
      rebind,
      stats,
      release,
      guards,
      debug,
    });
  } catch (error) {
    release();
    throw error;
  }
}
