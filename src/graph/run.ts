import type { Device } from '../device/device.js';
import type { Arena } from './arena.js';
import { type Dispatch, encode, type Part, type Region } from './dispatch.js';
import { copied, feederOf, type Writes } from './feeds.js';
import { profileText, timed, traceOf } from './inspect.js';
import { bytesOf, type Plan } from './plan.js';
import type { KernelTime } from './profile.js';
import type { Program, ProgramStats, RunOptions } from './program.js';
import { GraphError, refuse, type Tensor } from './tensor.js';
import { transfersOf } from './transfers.js';

export interface Parts {
  device: Device;
  p: Plan;
  inputs: Record<string, Tensor>;
  named: [string, Tensor][];
  parts(tensor: Tensor): Part[];
  submits: Dispatch[][];
  /** What must be made before a run, in submits, that an earlier one made of other values; it counts as made. */
  stale(): Dispatch[][];
  /** Tells that the variables which a run updates have changed. */
  ran(): void;
  arena: Arena;
  rebind(): void;
  stats: ProgramStats;
  release(): void;
  guards(): Promise<number>;
  /** At 3 every run prints the time of its kernels. */
  debug: number;
}

/** Hands the dispatches to the device, in cuts that leave others a turn, and what follows behind the last. */
function submitter(
  { device, submits, stale, ran }: Pick<Parts, 'device' | 'submits' | 'stale' | 'ran'>,
  finish: ReturnType<typeof transfersOf>['finish'],
) {
  const { queue } = device.gpu;
  const prepare = () => {
    for (const dispatches of stale()) {
      const encoder = device.gpu.createCommandEncoder();
      encode(dispatches, encoder);
      queue.submit([encoder.finish()]);
    }
    ran();
  };
  return {
    submit(target: GPUBuffer | undefined, { after, onProgress }: RunOptions) {
      prepare();
      submits.forEach((dispatches, i) => {
        const encoder = device.gpu.createCommandEncoder();
        if (dispatches.length > 0) encode(dispatches, encoder);
        if (i === submits.length - 1) finish(encoder, target, after);
        queue.submit([encoder.finish()]);
        if (!onProgress) return;
        const told = queue.onSubmittedWorkDone().then(() => onProgress((i + 1) / submits.length));
        told.catch(() => {}); // a lost device is told by the run itself
      });
    },
    /** The same with the time of every kernel. */
    async submitTimed(target?: GPUBuffer, after?: RunOptions['after']): Promise<KernelTime[]> {
      prepare();
      const rows = await timed(device, submits);
      const encoder = device.gpu.createCommandEncoder();
      finish(encoder, target, after);
      queue.submit([encoder.finish()]);
      return rows;
    },
  };
}

/** One run: uploads, dispatches, read-back. */
function executor(all: Parts) {
  const { device, arena, rebind, stats, debug } = all;
  const { upload, finish, collect } = transfersOf(all);
  const { submit, submitTimed } = submitter(all, finish);
  let { generation } = arena;

  const send = (writes: Writes) => {
    if (generation !== arena.generation) rebind();
    generation = arena.generation;
    upload(writes);
  };
  const isTimed = () => debug >= 3 || traceOf(device)?.timing === true;
  const computeTimed = async (start: number, target: GPUBuffer | undefined, after: RunOptions['after']) => {
    const kernels = await submitTimed(target, after);
    traceOf(device)?.timed.push({ start, kernels });
    if (debug >= 3) console.log(profileText(kernels));
  };
  return {
    isTimed,
    async execute(writes: Writes, readback: boolean, options: RunOptions) {
      const target = readback ? arena.borrow() : undefined;
      const start = performance.now();
      send(writes);
      try {
        if (isTimed()) await computeTimed(start, target, options.after);
        else submit(target, options);
        if (target) return await collect(target);
        await device.gpu.queue.onSubmittedWorkDone();
        return {};
      } catch (error) {
        throw device.isLost() ? await device.lost : error;
      } finally {
        if (target) arena.giveBack(target);
        const name = `${stats.dispatches} dispatches`;
        traceOf(device)?.spans.push({ lane: 'run', name, start, end: performance.now() });
      }
    },
    profile(writes: Writes): Promise<KernelTime[]> {
      send(writes);
      return submitTimed();
    },
  };
}

/** Where an output lies. */
function bufferOf({ named, parts }: Parts, output: string): Region {
  const tensor = named.find(([name]) => name === output)?.[1];
  if (!tensor) refuse('buffer', 'output', output, `one of: ${named.map(([name]) => name).join(', ')}`);
  const [{ buffer, offset, size }, ...more] = parts(tensor) as [Part, ...Part[]];
  if (more.length > 0) refuse('buffer', output, `${bytesOf(tensor)} bytes`, "what fits one of the device's buffers");
  return { buffer, offset, size };
}

/** The running half of a program: feeds in, recorded dispatches, read-back out. */
export function runner(all: Parts): Program {
  const { device, p, inputs, named, arena, stats, release, guards } = all;
  const prepare = feederOf(p, inputs);
  const { isTimed, execute, profile } = executor(all);
  /** Timed runs wait between kernels, so they take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  let destroyed = false;
  const alive = async () => {
    if (destroyed) throw new GraphError('run: got a destroyed program, wanted a live one: compile it again');
    if (device.isLost()) throw await device.lost;
  };
  const inTurn = (writes: Writes, readback: boolean, options: RunOptions) => {
    const kept = copied(writes);
    const result = turn.then(() => execute(kept, readback, options));
    turn = result.catch(() => {});
    return result;
  };
  const atOnce = (given: Writes, readback: boolean, options: RunOptions) => {
    let writes = given;
    let started = false;
    const result = new Promise<Record<string, Float32Array | Int32Array>>((resolve, reject) => {
      arena.enter(() => {
        started = true;
        execute(writes, readback, options).then(resolve, reject);
      }, readback);
    });
    if (!started) writes = copied(writes);
    return result;
  };
  return {
    stats,
    // Not async up to the submit, so that inputs are taken and work is queued at the call, in the order of the calls.
    run(feeds = {}, options = {}) {
      if (destroyed || device.isLost()) return alive().then(() => ({}));
      try {
        const readback = (options.readback ?? true) && named.length > 0;
        return (isTimed() ? inTurn : atOnce)(prepare(feeds), readback, options);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    buffer: (output) => bufferOf(all, output),
    async profile(feeds = {}) {
      await alive();
      return profile(prepare(feeds));
    },
    guards,
    destroy() {
      destroyed = true;
      release();
    },
  };
}
