import type { Device } from '../device/device.js';
import { type Bound, interfaceOf, packParams } from '../kernels/kernel.js';
import { sizeOf } from './chunks.js';
import { scale } from './ops/pointwise.js';
import { bytesOf, type Plan, plan, rootOf } from './plan.js';
import { layoutOf, materialise, pipelineOf, STAGING_USAGE, STORAGE_USAGE, stateOf, UNIFORM_USAGE } from './storage.js';
import { GraphError, isTensor, type Launch, type Node, refuse, type Tensor, type View } from './tensor.js';

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
  /** Called as pipelines become ready. */
  onProgress?(done: number, total: number): void;
  /** Only candidates of the exact numeric class. */
  precise?: boolean;
  tune?: boolean | 'full';
  /** Op name → candidate name, e.g. `{ conv: 'plain' }`. */
  force?: Record<string, string>;
  /** Smaller limits than the device's, for planning as if on another. */
  limits?: { maxStorageBufferBindingSize?: number; maxBufferSize?: number };
  /** Bytes left unused, with a known pattern, behind every block: `program.guards()` then reports overwritten ones. */
  guardBytes?: number;
}

export interface KernelStats {
  op: string;
  candidate: string;
  shape: readonly number[];
  workgroups: number;
  flops: number;
  bytes: number;
}

export interface ProgramStats {
  dispatches: number;
  /** Distinct pipelines this program uses. */
  pipelines: number;
  submits: number;
  /** Bytes this program allocates: arena (inputs, intermediates, outputs), uniforms and read-back buffers. */
  peakBytes: number;
  /** The largest sum of bytes alive at one step: no plan can need less. */
  lowerBoundBytes: number;
  /** Bytes of the variables it uses, shared with other programs. */
  variableBytes: number;
  flops: number;
  kernels: KernelStats[];
}

export interface Program {
  run(feeds?: Feeds, options?: { readback?: boolean }): Promise<Record<string, Float32Array | Int32Array>>;
  /** Where an output stays on the device; bytes. Valid until the next run. */
  buffer(output: string): { buffer: GPUBuffer; offset: number; size: number };
  readonly stats: ProgramStats;
  /** Milliseconds of each dispatch, each submitted alone: slower than a run, its shares are what counts. */
  profile(feeds?: Feeds): Promise<(KernelStats & { ms: number })[]>;
  /** Number of guard bytes that changed (0 unless `guardBytes` was given and a kernel writes out of range). */
  guards(): Promise<number>;
  /** Frees the program's own memory; variables stay. */
  destroy(): void;
}

interface Dispatch {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  x: number;
  y: number;
  stats: KernelStats;
}

interface Region {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

const GUARD = 0x7fc0dead;
const FOLD = 65535;
const UNIFORM_ALIGN = 256;
/** Submits are cut at this estimate so that no driver's watchdog (2 s on Windows) fires and a page stays alive. */
const SUBMIT_MS = 100;

/** Folds a count of workgroups into two dimensions; the last row may have idle groups, which every kernel leaves at once. */
export function fold(workgroups: number): [number, number] {
  if (workgroups <= FOLD) return [workgroups, 1];
  const y = Math.ceil(workgroups / FOLD);
  return [Math.ceil(workgroups / y), y];
}

const sourcesOf = (p: Plan, source: string): Node[] =>
  p.steps.map(({ node }) => node).filter((node) => node.op.source === source);

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

/** Updates whose values have memory of their own: one that is fed, another variable, or given twice is copied first. */
function ownValues(updates: NonNullable<ProgramSpec['updates']>): [variable: Tensor, value: Tensor][] {
  const taken = new Set<Tensor>();
  return updates.map(([variable, value]) => {
    const root = rootOf(value);
    const shared = root.node.op.source !== undefined || taken.has(root);
    taken.add(root);
    return [variable, shared ? scale(value, 1) : value];
  });
}

/** Pipeline, bind group and folded size of every launch; nothing of it is made again at a run. */
function binder(device: Device, p: Plan, arena: readonly GPUBuffer[]) {
  const { variables } = stateOf(device);
  const region = (tensor: Tensor): Region => {
    const home = p.home(tensor);
    if ('variable' in home) return { buffer: variables.get(home.variable)!, offset: 0, size: bytesOf(tensor) };
    return { buffer: arena[home.buffer]!, offset: home.offset, size: bytesOf(tensor) };
  };
  const window = ({ tensor, chunk }: View): Region => {
    const { buffer, offset } = region(tensor);
    return { buffer, offset: offset + 4 * chunk.base, size: 4 * (chunk.end - chunk.base) };
  };
  return { region, window };
}

const sameRegion = (a: Region, b: Region): boolean =>
  a.buffer === b.buffer && a.offset === b.offset && a.size === b.size;

/** Decides for each binding of a launch: read or read_write, or the same memory as an earlier one. One buffer may not be bound
 * both ways in a dispatch, so all that share a written buffer are bound read_write; the ranges are disjoint. */
export function bind(launch: Launch, window: (view: View) => Region): { bound: Bound[]; regions: Region[] } {
  const used = interfaceOf(launch.kernel.source).bindings.filter(({ name }) => launch.operands[name]);
  const all = used.map(({ name }) => window(launch.operands[name]!));
  const bound: Bound[] = used.map(({ name, write }) => ({ name, write }));
  bound.forEach((b, i) => {
    const twin = all.findIndex((other) => sameRegion(other, all[i]!));
    if (twin === i) return;
    b.alias = bound[twin]!.name;
    bound[twin]!.write ||= b.write;
  });
  const written = new Set(all.filter((_, i) => bound[i]!.write).map(({ buffer }) => buffer));
  bound.forEach((b, i) => {
    b.write ||= written.has(all[i]!.buffer);
  });
  return { bound, regions: all.filter((_, i) => !bound[i]!.alias) };
}

/** All uniform blocks of a program in one buffer, equal ones once. */
function uniformTable() {
  const offsets = new Map<string, number>();
  const blocks: Uint8Array[] = [];
  let end = 0;
  const add = (block: ArrayBuffer): { offset: number; size: number } => {
    const key = new Uint32Array(block).join();
    let offset = offsets.get(key);
    if (offset === undefined) {
      offset = end;
      offsets.set(key, offset);
      blocks.push(new Uint8Array(block));
      end += Math.ceil(block.byteLength / UNIFORM_ALIGN) * UNIFORM_ALIGN;
    }
    return { offset, size: block.byteLength };
  };
  const bytes = (): Uint8Array<ArrayBuffer> => {
    const out = new Uint8Array(Math.max(end, UNIFORM_ALIGN));
    let at = 0;
    for (const block of blocks) {
      out.set(block, at);
      at += Math.ceil(block.byteLength / UNIFORM_ALIGN) * UNIFORM_ALIGN;
    }
    return out;
  };
  return { add, bytes };
}

function statsOf(launch: Launch, node: Node): KernelStats {
  const { name, workgroups, flops, bytes } = launch.kernel;
  const dot = name.indexOf('.');
  return {
    op: node.op.name,
    candidate: dot < 0 ? name : name.slice(dot + 1),
    shape: node.outputs[0]!.shape,
    workgroups,
    flops,
    bytes,
  };
}

/** Groups dispatches into submits of at most about SUBMIT_MS by the device's rough rates. */
function cut(dispatches: readonly Dispatch[], { gflops, gbps }: Device['profile']): Dispatch[][] {
  const submits: Dispatch[][] = [[]];
  let spent = 0;
  for (const dispatch of dispatches) {
    const ms = Math.max(dispatch.stats.flops / gflops, dispatch.stats.bytes / gbps) / 1e6;
    if (spent > 0 && spent + ms > SUBMIT_MS) {
      submits.push([]);
      spent = 0;
    }
    submits.at(-1)!.push(dispatch);
    spent += ms;
  }
  return submits;
}

/** A fed value as the bytes of its tensor. Numbers are scalars, lists are copied; ids may come in any integer array. */
function feedData(name: string, tensor: Tensor, feed: Feed): Float32Array | Int32Array {
  const size = sizeOf(tensor.shape);
  const values = typeof feed === 'number' ? [feed] : feed;
  if (values === undefined || values === null || typeof values.length !== 'number') {
    refuse('run', name, values === undefined ? 'nothing' : typeof values, `${size} values`);
  }
  if (values.length !== size)
    refuse('run', name, `${values.length} values`, `${size} for [${tensor.shape.join(', ')}]`);
  if (tensor.dtype === 'f32')
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
  return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
}

function encode(dispatches: readonly Dispatch[], encoder: GPUCommandEncoder): void {
  const pass = encoder.beginComputePass();
  let pipeline: GPUComputePipeline | undefined;
  for (const dispatch of dispatches) {
    if (dispatch.pipeline !== pipeline) pass.setPipeline((pipeline = dispatch.pipeline));
    pass.setBindGroup(0, dispatch.group);
    pass.dispatchWorkgroups(dispatch.x, dispatch.y);
  }
  pass.end();
}

/**
 * Plans, compiles and allocates a program. Everything a run needs is made here: a run writes inputs, re-encodes the recorded
 * dispatches and reads outputs back.
 * @throws GraphError for a spec that does not hold together, RangeError where a tensor exceeds the limits, OutOfMemoryError.
 */
export async function compile(device: Device, spec: ProgramSpec, options: CompileOptions = {}): Promise<Program> {
  checkTensors(spec);
  const { inputs = {}, outputs = {} } = spec;
  const updates = ownValues(spec.updates ?? []);
  const { gpu, limits, profile } = device;
  const p = plan({
    outputs: Object.values(outputs),
    updates,
    limits: {
      maxStorageBufferBindingSize: Math.min(
        limits.maxStorageBufferBindingSize,
        options.limits?.maxStorageBufferBindingSize ?? Infinity,
      ),
      maxBufferSize: Math.min(limits.maxBufferSize, options.limits?.maxBufferSize ?? Infinity),
    },
    device: { kind: profile.kind, subgroupSize: profile.subgroupSize },
    candidate: (op) => options.force?.[op],
    guardBytes: options.guardBytes,
  });
  checkSpec(spec, p);
  const variables = sourcesOf(p, 'variable').map((node) => node.outputs[0]!);
  await materialise(device, variables);

  const named = Object.entries(outputs);
  const readBytes = named.reduce((sum, [, tensor]) => sum + bytesOf(tensor), 0);
  const arena = await device.allocate(p.arena.map((size) => ({ label: 'arena', size, usage: STORAGE_USAGE })));
  const owned = [...arena];
  const own = async (size: number, usage: number, label: string) => {
    const [buffer] = await device.allocate([{ size, usage, label }]);
    owned.push(buffer!);
    return buffer!;
  };
  const release = () => owned.forEach((buffer) => device.release(buffer));

  try {
    const { region, window } = binder(device, p, arena);
    const uniforms = uniformTable();
    const launches = p.steps.flatMap(({ node, launches }) =>
      launches.map((launch) => ({ node, launch, ...bind(launch, window) })),
    );
    const blocks = launches.map(({ launch }) => uniforms.add(packParams(launch.kernel)));
    const uniformBytes = uniforms.bytes();
    const uniformBuffer = await own(uniformBytes.byteLength, UNIFORM_USAGE, 'uniforms');
    gpu.queue.writeBuffer(uniformBuffer, 0, uniformBytes);

    let done = 0;
    const pipelines = await Promise.all(
      launches.map(async ({ launch, bound }) => {
        const pipeline = await pipelineOf(device, launch.kernel, bound);
        options.onProgress?.(++done, launches.length);
        return pipeline;
      }),
    );
    const dispatches = await device.checked('compile', () =>
      launches.map(({ node, launch, bound, regions }, i): Dispatch => {
        const buffers = [{ buffer: uniformBuffer, ...blocks[i]! }, ...regions];
        const entries = buffers.map((resource, binding) => ({ binding, resource }));
        const [x, y] = fold(launch.kernel.workgroups);
        return {
          pipeline: pipelines[i]!,
          group: gpu.createBindGroup({ layout: layoutOf(device, bound), entries }),
          x,
          y,
          stats: statsOf(launch, node),
        };
      }),
    );
    const staging =
      readBytes > 0
        ? [await own(readBytes, STAGING_USAGE, 'read-back'), await own(readBytes, STAGING_USAGE, 'read-back')]
        : [];
    const submits = cut(dispatches, profile);
    const stats: ProgramStats = {
      dispatches: dispatches.length,
      pipelines: new Set(pipelines).size,
      submits: submits.length,
      peakBytes: owned.reduce((sum, buffer) => sum + buffer.size, 0),
      lowerBoundBytes: p.lowerBoundBytes,
      variableBytes: variables.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
      flops: dispatches.reduce((sum, { stats }) => sum + stats.flops, 0),
      kernels: dispatches.map(({ stats }) => stats),
    };
    if (options.guardBytes) paintGuards(device, p, arena);
    const guards = async () => (options.guardBytes ? countGuards(device, p, arena) : 0);
    return runner({ device, p, inputs, named, region, submits, staging, stats, release, guards });
  } catch (error) {
    release();
    throw error;
  }
}

interface Parts {
  device: Device;
  p: Plan;
  inputs: Record<string, Tensor>;
  named: [string, Tensor][];
  region(tensor: Tensor): Region;
  submits: Dispatch[][];
  staging: GPUBuffer[];
  stats: ProgramStats;
  release(): void;
  guards(): Promise<number>;
}

/** The running half of a program: feeds in, recorded dispatches, read-back out. */
function runner({ device, p, inputs, named, region, submits, staging, stats, release, guards }: Parts): Program {
  const { gpu } = device;
  const used = new Set(p.steps.flatMap(({ node }) => node.outputs));
  const feedable = Object.entries(inputs).filter(([, tensor]) => used.has(tensor));
  const derived = sourcesOf(p, 'derived');
  const free = [...staging];
  const waiting: (() => void)[] = [];
  let destroyed = false;

  type Writes = [Region, Float32Array | Int32Array][];
  const prepare = (feeds: Feeds): Writes => {
    for (const name of Object.keys(feeds))
      if (!inputs[name])
        refuse('run', name, 'an input of that name', `one of: ${Object.keys(inputs).join(', ') || 'none'}`);
    const data = new Map<Tensor, Float32Array | Int32Array>();
    for (const [name, tensor] of Object.entries(inputs)) data.set(tensor, feedData(name, tensor, feeds[name]!));
    const writes: Writes = feedable.map(([, tensor]) => [region(tensor), data.get(tensor)!]);
    for (const node of derived) {
      const { derive } = node.attrs as { derive(data: Int32Array): Int32Array };
      const result = derive(data.get(node.inputs[0]!) as Int32Array);
      writes.push([region(node.outputs[0]!), result]);
    }
    return writes;
  };
  const upload = (writes: Writes) => {
    for (const [{ buffer, offset }, data] of writes)
      gpu.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>);
  };
  const finish = (encoder: GPUCommandEncoder, target: GPUBuffer | undefined) => {
    let at = 0;
    for (const [, tensor] of target ? named : []) {
      const { buffer, offset, size } = region(tensor);
      encoder.copyBufferToBuffer(buffer, offset, target!, at, size);
      at += size;
    }
    for (const [variable, value] of p.copies) {
      const [from, to] = [region(value), region(variable)];
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size);
    }
  };
  const submit = (target: GPUBuffer | undefined) => {
    submits.forEach((dispatches, i) => {
      const encoder = gpu.createCommandEncoder();
      if (dispatches.length > 0) encode(dispatches, encoder);
      if (i === submits.length - 1) finish(encoder, target);
      gpu.queue.submit([encoder.finish()]);
    });
  };
  const collect = async (target: GPUBuffer): Promise<Record<string, Float32Array | Int32Array>> => {
    await target.mapAsync(1);
    const mapped = target.getMappedRange();
    let at = 0;
    const values = named.map(([name, tensor]) => {
      const bytes = mapped.slice(at, (at += bytesOf(tensor)));
      return [name, tensor.dtype === 'f32' ? new Float32Array(bytes) : new Int32Array(bytes)];
    });
    target.unmap();
    return Object.fromEntries(values);
  };
  const next = () => waiting.shift()?.();
  const execute = async (writes: Writes, readback: boolean) => {
    const target = readback ? free.pop() : undefined;
    upload(writes);
    submit(target);
    try {
      if (target) return await collect(target);
      await gpu.queue.onSubmittedWorkDone();
      return {};
    } catch (error) {
      throw device.isLost() ? await device.lost : error;
    } finally {
      if (target) {
        free.push(target);
        next();
      }
    }
  };
  const alive = async () => {
    if (destroyed) throw new GraphError('run: got a destroyed program, wanted a live one: compile it again');
    if (device.isLost()) throw await device.lost;
  };

  return {
    stats,
    // Not async up to the submit, so that inputs are taken and work is queued at the call, in the order of the calls.
    run(feeds = {}, { readback = true } = {}) {
      if (destroyed || device.isLost()) return alive().then(() => ({}));
      let writes: Writes;
      try {
        writes = prepare(feeds);
      } catch (error) {
        return Promise.reject(error);
      }
      const wantsTarget = readback && named.length > 0;
      if (waiting.length === 0 && (!wantsTarget || free.length > 0)) return execute(writes, wantsTarget);
      const kept: Writes = writes.map(([where, data]) => [where, data.slice()]);
      return new Promise((resolve, reject) => {
        waiting.push(() =>
          execute(kept, wantsTarget)
            .then(resolve, reject)
            .finally(wantsTarget ? () => {} : next),
        );
      });
    },
    buffer(output) {
      const tensor = named.find(([name]) => name === output)?.[1];
      if (!tensor) refuse('buffer', 'output', output, `one of: ${named.map(([name]) => name).join(', ')}`);
      return region(tensor);
    },
    async profile(feeds = {}) {
      await alive();
      upload(prepare(feeds));
      const timed: (KernelStats & { ms: number })[] = [];
      for (const dispatch of submits.flat()) {
        const start = performance.now();
        const encoder = gpu.createCommandEncoder();
        encode([dispatch], encoder);
        gpu.queue.submit([encoder.finish()]);
        await gpu.queue.onSubmittedWorkDone();
        timed.push({ ...dispatch.stats, ms: performance.now() - start });
      }
      return timed;
    },
    guards,
    destroy() {
      destroyed = true;
      release();
    },
  };
}

/** The unused ends of all blocks, as regions. */
function guardRegions(p: Plan, arena: readonly GPUBuffer[]): Region[] {
  const tensors = new Set(
    p.steps.flatMap(({ node, launches }) => [
      ...node.outputs,
      ...launches.flatMap((l) => Object.values(l.operands).map((v) => v.tensor)),
    ]),
  );
  return [...tensors]
    .filter((tensor) => rootOf(tensor) === tensor)
    .flatMap((tensor) => {
      const home = p.home(tensor);
      if ('variable' in home) return [];
      return [
        { buffer: arena[home.buffer]!, offset: home.offset + bytesOf(tensor), size: home.bytes - bytesOf(tensor) },
      ];
    });
}

/** Guards survive only where no other block ever lies on them, so a guarded plan is packed without sharing. */
function paintGuards(device: Device, p: Plan, arena: readonly GPUBuffer[]): void {
  for (const { buffer, offset, size } of guardRegions(p, arena)) {
    device.gpu.queue.writeBuffer(buffer, offset, new Uint32Array(size / 4).fill(GUARD));
  }
}

async function countGuards(device: Device, p: Plan, arena: readonly GPUBuffer[]): Promise<number> {
  let changed = 0;
  for (const { buffer, offset, size } of guardRegions(p, arena)) {
    if (size === 0) continue;
    const [staging] = await device.allocate([{ size, usage: STAGING_USAGE, label: 'guard' }]);
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging!, 0, size);
    device.gpu.queue.submit([encoder.finish()]);
    await staging!.mapAsync(1);
    changed += new Uint32Array(staging!.getMappedRange()).filter((word) => word !== GUARD).length * 4;
    device.release(staging!);
  }
  return changed;
}
