import type { Device } from '../device/device.js';
import { type Arena, createArena } from './arena.js';
import { checkSpec, checkTensors } from './check-spec.js';
import type { Choices } from './choices.js';
import { binder, cut, record, uniformBytes } from './dispatch.js';
import type { Precision } from './half.js';
import { announced, guardsOf } from './inspect.js';
import { keeping } from './kept.js';
import { type Plan, sourcesOf } from './plan.js';
import { planFor } from './plan-for.js';
import type { DebugLevel, KernelTime } from './profile.js';
import { type Recompute, recomputed } from './recompute.js';
import { runner } from './run.js';
import { type ProgramStats, programStats } from './stats.js';
import { bytesOf, materialise } from './storage.js';
import type { Effort, Tensor } from './tensor.js';
import type { TuneEvent } from './tune.js';
import { ownValues } from './updates.js';

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
  /** Only candidates that round no more than plain sums do: of Winograd only F(2×2, 3×3). */
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
   * Bytes on this device that weights in a kernel's order, transformed say, and the like may take to be kept for whoever wants them next: of
   * variables that no run changes from run to run, else within a run, by so much its peak may rise. Default 0: they are made anew, but where
   * keeping them raises no peak.
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
  const kept = keeping(device, p, updates);
  const release = () => {
    kept.release();
    for (const buffer of owned) device.release(buffer);
    if (!options.arena) arena.destroy();
  };

  try {
    await arena.reserve(p.arena, readBytes);
    // Last, so that where there is no room no variable has lost its data to a device.
    await materialise(device, [...variables, ...kept.tensors]);
    const { parts, window } = binder(device, p, arena);
    const { dispatches, pipelines, uniforms, rebind } = await record(device, p, window, own, options.onProgress);
    const submits = cut(kept.withoutMaking(dispatches), device.profile);
    const stats = programStats(p, submits, pipelines, uniforms.size + 2 * readBytes);
    const guards = guardsOf(device, p, arena, options.guardBytes);
    const debug = announced(stats, options.debug);
    const running = { submits, kept, arena, rebind, stats, release, guards, debug };
    return runner({ device, p, inputs, named, parts, window, ...running });
  } catch (error) {
    release();
    throw error;
  }
}
