import type { Device } from '../device/device.js';
import type { Arena } from './arena.js';
import { type Dispatch, encode, type Part, type Region, type Window } from './dispatch.js';
import { copied, feederOf, type Writes } from './feeds.js';
import type { Keeping } from './kept.js';
import type { Plan } from './plan.js';
import type { KernelTime } from './profile.js';
import type { Program, RunOptions } from './program.js';
import type { ProgramStats } from './stats.js';
import { bytesOf } from './storage.js';
import { GraphError, refuse, type Tensor, type View } from './tensor.js';
import { timedRuns } from './timed-run.js';
import { transfersOf } from './transfers.js';

export interface Parts {
  device: Device;
  p: Plan;
  inputs: Record<string, Tensor>;
  named: [string, Tensor][];
  parts(tensor: Tensor): Part[];
  window(view: View): Window;
  submits: Dispatch[][];
  kept: Pick<Keeping, 'stale' | 'ran'>;
  arena: Arena;
  rebind(): void;
  stats: ProgramStats;
  release(): void;
  guards(): Promise<number>;
  /** At 3 every run prints the time of its kernels. */
  debug: number;
}

type Finishing = (encoder: GPUCommandEncoder) => void;

function hand({ gpu }: Device, dispatches: readonly Dispatch[], finishing?: Finishing): void {
  const encoder = gpu.createCommandEncoder();
  if (dispatches.length > 0) encode(dispatches, encoder);
  finishing?.(encoder);
  gpu.queue.submit([encoder.finish()]);
}

/** Hands all dispatches to the device, in cuts that leave others a turn, and what follows behind the last. */
function submit({ device, submits }: Parts, finishing: Finishing, onProgress: RunOptions['onProgress']): void {
  submits.forEach((dispatches, i) => {
    hand(device, dispatches, i === submits.length - 1 ? finishing : undefined);
    if (!onProgress) return;
    const told = device.gpu.queue.onSubmittedWorkDone().then(() => onProgress((i + 1) / submits.length));
    told.catch(() => {}); // a lost device is told by the run itself
  });
}

/** One run: uploads, dispatches, read-back. */
function executor(all: Parts) {
  const { device, arena, rebind, kept } = all;
  const { upload, finish, collect } = transfersOf(all);
  const timing = timedRuns(all);
  let bound = arena.buffers;

  const send = (writes: Writes) => {
    if (bound !== arena.buffers) rebind();
    bound = arena.buffers;
    upload(writes);
    for (const dispatches of kept.stale()) hand(device, dispatches);
    kept.ran();
  };
  return {
    timing,
    async execute(writes: Writes, readback: boolean, { after, onProgress }: RunOptions) {
      const target = readback ? arena.borrow() : undefined;
      const finishing: Finishing = (encoder) => finish(encoder, target, after);
      const end = timing.begin();
      send(writes);
      try {
        if (timing.wanted()) await timing.show(finishing);
        else submit(all, finishing, onProgress);
        if (target) return await collect(target);
        await device.gpu.queue.onSubmittedWorkDone();
        // That resolves on a lost device, too, whose work was never done.
        if (device.isLost()) throw await device.lost;
        return {};
      } catch (error) {
        throw device.isLost() ? await device.lost : error;
      } finally {
        if (target) arena.giveBack(target);
        end();
      }
    },
    profile(writes: Writes): Promise<KernelTime[]> {
      send(writes);
      return timing.submit((encoder) => finish(encoder, undefined, undefined));
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

type Values = Record<string, Float32Array | Int32Array>;

/** Starts as soon as it may use the arena; where that is not at once, with copies, since the caller may change what it gave. */
const entering = (arena: Arena, given: Writes, readback: boolean, start: (writes: Writes) => Promise<Values>) =>
  new Promise<Values>((resolve, reject) => {
    let writes = given;
    let started = false;
    arena.enter(() => {
      started = true;
      start(writes).then(resolve, reject);
    }, readback);
    if (!started) writes = copied(writes);
  });

/** The running half of a program: feeds in, recorded dispatches, read-back out. */
export function runner(all: Parts): Program {
  const { device, p, inputs, named, arena, stats, release, guards } = all;
  const prepare = feederOf(p, inputs);
  const { timing, execute, profile } = executor(all);
  let destroyed = false;
  const alive = async () => {
    if (destroyed) throw new GraphError('run: got a destroyed program, wanted a live one: compile it again');
    if (device.isLost()) throw await device.lost;
  };
  return {
    stats,
    // Not async up to the submit, so that inputs are taken and work is queued at the call, in the order of the calls.
    run(feeds = {}, options = {}) {
      if (destroyed || device.isLost()) return alive().then(() => ({}));
      try {
        const readback = (options.readback ?? true) && named.length > 0;
        const writes = prepare(feeds);
        const start = (given: Writes) => execute(given, readback, options);
        if (!timing.wanted()) return entering(arena, writes, readback, start);
        const kept = copied(writes);
        return timing.inTurn(() => start(kept));
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
