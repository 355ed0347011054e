import type { Device } from '../device/device.js';
import type { Arena } from './arena.js';
import { sizeOf } from './chunks.js';
import { type Dispatch, encode, type Part } from './dispatch.js';
import { bytesOf, type Plan, sourcesOf } from './plan.js';
import { type KernelTime, profileText } from './profile.js';
import type { Feed, Feeds, Program, ProgramStats, RunOptions } from './program.js';
import { GraphError, refuse, type Tensor } from './tensor.js';
import { timed } from './timing.js';
import { traceOf } from './trace.js';

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

export interface Parts {
  device: Device;
  p: Plan;
  inputs: Record<string, Tensor>;
  named: [string, Tensor][];
  parts(tensor: Tensor): Part[];
  submits: Dispatch[][];
  arena: Arena;
  rebind(): void;
  stats: ProgramStats;
  release(): void;
  guards(): Promise<number>;
  /** At 3 every run prints the time of its kernels. */
  debug: number;
}

/** The running half of a program: feeds in, recorded dispatches, read-back out. */
export function runner({
  device,
  p,
  inputs,
  named,
  parts,
  submits,
  arena,
  rebind,
  stats,
  release,
  guards,
  debug,
}: Parts): Program {
  const { gpu } = device;
  const used = new Set(p.steps.flatMap(({ node }) => node.outputs));
  const feedable = Object.entries(inputs).filter(([, tensor]) => used.has(tensor));
  const derived = sourcesOf(p, 'derived');
  let { generation } = arena;
  /** Timed runs wait between kernels, so they take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  let destroyed = false;

  type Writes = [Tensor, Float32Array | Int32Array][];
  const prepare = (feeds: Feeds): Writes => {
    for (const name of Object.keys(feeds))
      if (!inputs[name])
        refuse('run', name, 'an input of that name', `one of: ${Object.keys(inputs).join(', ') || 'none'}`);
    const data = new Map<Tensor, Float32Array | Int32Array>();
    for (const [name, tensor] of Object.entries(inputs)) data.set(tensor, feedData(name, tensor, feeds[name]!));
    const writes: Writes = feedable.map(([, tensor]) => [tensor, data.get(tensor)!]);
    for (const node of derived) {
      const { derive } = node.attrs as { derive(data: Int32Array): Int32Array };
      const result = derive(data.get(node.inputs[0]!) as Int32Array);
      writes.push([node.outputs[0]!, result]);
    }
    return writes;
  };
  const copied = (writes: Writes): Writes => writes.map(([tensor, data]) => [tensor, data.slice()]);
  const upload = (writes: Writes) => {
    if (generation !== arena.generation) rebind();
    generation = arena.generation;
    for (const [tensor, data] of writes) {
      for (const { buffer, offset, start, end } of parts(tensor))
        gpu.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>, start, end - start);
    }
  };
  const finish = (encoder: GPUCommandEncoder, target: GPUBuffer | undefined, after: RunOptions['after']) => {
    let at = 0;
    for (const [, tensor] of target ? named : []) {
      for (const { buffer, offset, size, start } of parts(tensor))
        encoder.copyBufferToBuffer(buffer, offset, target!, at + 4 * start, size);
      at += bytesOf(tensor);
    }
    for (const [variable, value] of p.copies) {
      const [to] = parts(variable) as [Part];
      for (const { buffer, offset, size, start } of parts(value))
        encoder.copyBufferToBuffer(buffer, offset, to.buffer, to.offset + 4 * start, size);
    }
    after?.(encoder);
  };
  const submit = (target: GPUBuffer | undefined, { after, onProgress }: RunOptions) => {
    submits.forEach((dispatches, i) => {
      const encoder = gpu.createCommandEncoder();
      if (dispatches.length > 0) encode(dispatches, encoder);
      if (i === submits.length - 1) finish(encoder, target, after);
      gpu.queue.submit([encoder.finish()]);
      if (!onProgress) return;
      const told = gpu.queue.onSubmittedWorkDone().then(() => onProgress((i + 1) / submits.length));
      told.catch(() => {}); // a lost device is told by the run itself
    });
  };
  /** The same with the time of every kernel. */
  const submitTimed = async (target?: GPUBuffer, after?: RunOptions['after']): Promise<KernelTime[]> => {
    const rows = await timed(device, submits);
    const encoder = gpu.createCommandEncoder();
    finish(encoder, target, after);
    gpu.queue.submit([encoder.finish()]);
    return rows;
  };
  const readBytes = named.reduce((sum, [, tensor]) => sum + bytesOf(tensor), 0);
  const collect = async (target: GPUBuffer): Promise<Record<string, Float32Array | Int32Array>> => {
    await target.mapAsync(1, 0, readBytes);
    const mapped = target.getMappedRange(0, readBytes);
    let at = 0;
    const values = named.map(([name, tensor]) => {
      const bytes = mapped.slice(at, (at += bytesOf(tensor)));
      return [name, tensor.dtype === 'f32' ? new Float32Array(bytes) : new Int32Array(bytes)];
    });
    target.unmap();
    return Object.fromEntries(values);
  };
  const isTimed = () => debug >= 3 || traceOf(device)?.timing === true;
  const execute = async (writes: Writes, readback: boolean, options: RunOptions) => {
    const target = readback ? arena.borrow() : undefined;
    const start = performance.now();
    upload(writes);
    try {
      if (isTimed()) {
        const kernels = await submitTimed(target, options.after);
        traceOf(device)?.timed.push({ start, kernels });
        if (debug >= 3) console.log(profileText(kernels));
      } else submit(target, options);
      if (target) return await collect(target);
      await gpu.queue.onSubmittedWorkDone();
      return {};
    } catch (error) {
      throw device.isLost() ? await device.lost : error;
    } finally {
      if (target) arena.giveBack(target);
      traceOf(device)?.spans.push({
        lane: 'run',
        name: `${stats.dispatches} dispatches`,
        start,
        end: performance.now(),
      });
    }
  };
  const alive = async () => {
    if (destroyed) throw new GraphError('run: got a destroyed program, wanted a live one: compile it again');
    if (device.isLost()) throw await device.lost;
  };

  return {
    stats,
    // Not async up to the submit, so that inputs are taken and work is queued at the call, in the order of the calls.
    run(feeds = {}, options = {}) {
      if (destroyed || device.isLost()) return alive().then(() => ({}));
      let writes: Writes;
      try {
        writes = prepare(feeds);
      } catch (error) {
        return Promise.reject(error);
      }
      const wantsTarget = (options.readback ?? true) && named.length > 0;
      if (isTimed()) {
        const kept = copied(writes);
        const result = turn.then(() => execute(kept, wantsTarget, options));
        turn = result.catch(() => {});
        return result;
      }
      let started = false;
      const result = new Promise<Record<string, Float32Array | Int32Array>>((resolve, reject) => {
        arena.enter(() => {
          started = true;
          execute(writes, wantsTarget, options).then(resolve, reject);
        }, wantsTarget);
      });
      if (!started) writes = copied(writes);
      return result;
    },
    buffer(output) {
      const tensor = named.find(([name]) => name === output)?.[1];
      if (!tensor) refuse('buffer', 'output', output, `one of: ${named.map(([name]) => name).join(', ')}`);
      const [{ buffer, offset, size }, ...more] = parts(tensor) as [Part, ...Part[]];
      if (more.length > 0)
        refuse('buffer', output, `${bytesOf(tensor)} bytes`, "what fits one of the device's buffers");
      return { buffer, offset, size };
    },
    async profile(feeds = {}) {
      await alive();
      upload(prepare(feeds));
      return submitTimed();
    },
    guards,
    destroy() {
      destroyed = true;
      release();
    },
  };
}
