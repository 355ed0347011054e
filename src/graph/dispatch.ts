import type { Device } from '../device/device.js';
import { type Bound, interfaceOf, packParams } from '../kernels/kernel.js';
import type { Arena } from './arena.js';
import { offsetBeside } from './beside.js';
import { sizeOf } from './chunks.js';
import { costOf, roughMs } from './cost.js';
import { bytesFor } from './half.js';
import { type Compiled, compilePipelines, layoutOf } from './pipelines.js';
import type { Plan } from './plan.js';
import { stateOf, UNIFORM_USAGE } from './storage.js';
import type { Launch, Node, Tensor, View } from './tensor.js';

// From launches to recorded dispatches: what each binding is bound to, the uniform table, pipelines and bind groups.

export interface Region {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

/** One recorded dispatch: everything a run needs to encode it. */
export interface Dispatch {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  x: number;
  y: number;
  /** What it came from. */
  node: Node;
  launch: Launch;
}

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

/** A region with the elements of its tensor that are in it. */
export interface Part extends Region {
  start: number;
  end: number;
}

/** A region with how its values are stored. */
export interface Window extends Region {
  half: boolean;
}

/** Where tensors and their chunks lie on the device. */
export function binder(device: Device, p: Plan, arena: Arena) {
  const { variables } = stateOf(device);
  const parts = (tensor: Tensor): Part[] => {
    const home = p.home(tensor);
    const width = home.half ? 2 : 4;
    // Where the tensor lies in the memory that it may share.
    const [from, to] = [p.offset(tensor), p.offset(tensor) + sizeOf(tensor.shape)];
    const pieces =
      'variable' in home
        ? [
            {
              buffer: variables.get(home.variable)!,
              offset: offsetBeside(home.variable),
              start: 0,
              base: 0,
              end: sizeOf(home.variable.shape),
            },
          ]
        : home.pieces.map((piece) => ({ ...piece, buffer: arena.buffers[piece.buffer]! }));
    return pieces.flatMap(({ buffer, offset, base, ...piece }): Part[] => {
      const [start, end] = [Math.max(piece.start, from), Math.min(piece.end, to)];
      if (start >= end) return [];
      const size = bytesFor(end - start, home.half);
      return [{ buffer, offset: offset + width * (start - base), size, start: start - from, end: end - from }];
    });
  };
  const window = ({ tensor, chunk }: View): Window => {
    const all = parts(tensor);
    const { buffer, offset, start } = all.find(({ end }) => chunk.end <= end) ?? all[0]!;
    const { half } = p.home(tensor);
    const size = bytesFor(chunk.end - chunk.base, half);
    return { buffer, offset: offset + (half ? 2 : 4) * (chunk.base - start), size, half };
  };
  return { parts, window };
}

const sameRegion = (a: Region, b: Region): boolean =>
  a.buffer === b.buffer && a.offset === b.offset && a.size === b.size;

/** Decides for each binding of a launch: read or read_write, or the same memory as an earlier one. One buffer may not be bound
 * both ways in a dispatch, so all that share a written buffer are bound read_write; the ranges are disjoint. */
export function bind(launch: Launch, window: (view: View) => Window): { bound: Bound[]; views: View[] } {
  const used = interfaceOf(launch.kernel.source).bindings.filter(({ name }) => launch.operands[name]);
  const views = used.map(({ name }) => launch.operands[name]!);
  const all = views.map(window);
  const bound: Bound[] = used.map(({ name, write }, i) => ({ name, write, half: all[i]!.half }));
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
  return { bound, views: views.filter((_, i) => !bound[i]!.alias) };
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

/** Bytes of a plan's uniforms. */
export function uniformBytes(p: Plan): number {
  const table = uniformTable();
  for (const { launches } of [...p.once, ...p.steps]) for (const { kernel } of launches) table.add(packParams(kernel));
  return table.bytes().byteLength;
}

export interface Recorded {
  dispatches: Dispatch[];
  uniforms: GPUBuffer;
  pipelines: Pick<Compiled, 'count' | 'compiled' | 'ms'>;
  /** Binds every dispatch to where its operands are now: after the arena's buffers were replaced. */
  rebind(): void;
}

/** Pipeline, bind group and folded size of every launch of a plan, those of `once` first; nothing of it is made again at a run. */
export async function record(
  device: Device,
  p: Plan,
  window: (view: View) => Window,
  own: (size: number, usage: number, label: string) => Promise<GPUBuffer>,
  onProgress?: (done: number, total: number) => void,
): Promise<Recorded> {
  const table = uniformTable();
  const launches = [...p.once, ...p.steps].flatMap(({ node, launches }) =>
    launches.map((launch) => ({ node, launch, block: table.add(packParams(launch.kernel)), ...bind(launch, window) })),
  );
  const bytes = table.bytes();
  const uniforms = await own(bytes.byteLength, UNIFORM_USAGE, 'uniforms');
  device.gpu.queue.writeBuffer(uniforms, 0, bytes);

  const groupOf = ({ block, bound, views }: (typeof launches)[number]): GPUBindGroup => {
    const regions = views.map(window).map(({ buffer, offset, size }) => ({ buffer, offset, size }));
    const entries = [{ buffer: uniforms, ...block }, ...regions].map((resource, binding) => ({ binding, resource }));
    return device.gpu.createBindGroup({ layout: layoutOf(device, bound), entries });
  };
  const wanted = launches.map(({ launch, bound }) => ({ kernel: launch.kernel, bound }));
  const compiled = await compilePipelines(device, wanted, onProgress);
  const dispatches = await device.checked('compile', () =>
    launches.map((recorded, i): Dispatch => {
      const { node, launch } = recorded;
      const [x, y] = fold(launch.kernel.workgroups);
      return {
        pipeline: compiled.pipelines[i]!,
        group: groupOf(recorded),
        x,
        y,
        node,
        launch,
      };
    }),
  );
  const rebind = () =>
    dispatches.forEach((dispatch, i) => {
      dispatch.group = groupOf(launches[i]!);
    });
  return { dispatches, uniforms, pipelines: compiled, rebind };
}

/** Groups dispatches into submits of at most about SUBMIT_MS by the device's rough rates. */
export function cut(dispatches: readonly Dispatch[], profile: Device['profile']): Dispatch[][] {
  const submits: Dispatch[][] = [[]];
  let spent = 0;
  for (const dispatch of dispatches) {
    const ms = roughMs(costOf(dispatch.launch), profile);
    if (spent > 0 && spent + ms > SUBMIT_MS) {
      submits.push([]);
      spent = 0;
    }
    submits.at(-1)!.push(dispatch);
    spent += ms;
  }
  return submits;
}

/** Encodes dispatches into one pass, setting a pipeline only where it changes. */
export function encode(
  dispatches: readonly Dispatch[],
  encoder: GPUCommandEncoder,
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  const pass = encoder.beginComputePass({ timestampWrites });
  let pipeline: GPUComputePipeline | undefined;
  for (const dispatch of dispatches) {
    if (dispatch.pipeline !== pipeline) pass.setPipeline((pipeline = dispatch.pipeline));
    pass.setBindGroup(0, dispatch.group);
    pass.dispatchWorkgroups(dispatch.x, dispatch.y);
  }
  pass.end();
}
