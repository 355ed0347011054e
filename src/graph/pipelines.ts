import type { Device } from '../device/device.js';
import { type Bound, type Kernel, pipelineKey, shaderText } from '../kernels/kernel.js';
import { traceOf } from './inspect.js';
import { stateOf } from './storage.js';
import { warm } from './warm.js';

// Pipelines of a device: compiled side by side, each once, and warmed before a run needs them.

export interface Wanted {
  kernel: Kernel;
  bound: readonly Bound[];
}

export interface Compiled {
  /** One for each that was asked for, in their order. */
  pipelines: GPUComputePipeline[];
  /** Distinct ones. */
  count: number;
  /** Of those the ones that this device did not have before. */
  compiled: number;
  /** Until all were there and warm. */
  ms: number;
}

const typesOf = (bound: readonly Bound[]): GPUBufferBindingType[] =>
  bound.filter((b) => !b.alias).map((b) => (b.write ? 'storage' : 'read-only-storage'));

/** The layout of a kernel's one bind group, shared by all with the same pattern of accesses. */
export function layoutOf(device: Device, bound: readonly Bound[]): GPUBindGroupLayout {
  const { layouts } = stateOf(device);
  const types = typesOf(bound);
  const key = types.join();
  let layout = layouts.get(key);
  if (!layout) {
    const entry = (type: GPUBufferBindingType, binding: number): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: 4,
      buffer: { type },
    });
    layout = device.gpu.createBindGroupLayout({
      entries: [entry('uniform', 0), ...types.map((type, i) => entry(type, i + 1))],
    });
    layouts.set(key, layout);
  }
  return layout;
}

async function compilePipeline(device: Device, { kernel, bound }: Wanted): Promise<GPUComputePipeline> {
  const layout = device.gpu.createPipelineLayout({ bindGroupLayouts: [layoutOf(device, bound)] });
  const module = device.gpu.createShaderModule({ label: kernel.name, code: shaderText(kernel, bound) });
  try {
    return await device.gpu.createComputePipelineAsync({
      label: kernel.name,
      layout,
      compute: { module, entryPoint: 'main' },
    });
  } catch (error) {
    const { messages } = await module.getCompilationInfo();
    const lines = messages.map((m) => `  ${m.lineNum}:${m.linePos} ${m.message}`).join('\n');
    throw new Error(`${kernel.name} does not compile on this device: ${(error as Error).message}\n${lines}`);
  }
}

/** Compiled and warm, once per device and key. */
function pipelineOf(device: Device, key: string, wanted: Wanted): Promise<GPUComputePipeline> {
  const { pipelines } = stateOf(device);
  const known = pipelines.get(key);
  if (known) return known;
  const start = performance.now();
  const made = compilePipeline(device, wanted).then(async (pipeline) => {
    await warm(device, pipeline, layoutOf(device, wanted.bound), typesOf(wanted.bound).length);
    traceOf(device)?.spans.push({ lane: 'compile', name: wanted.kernel.name, start, end: performance.now() });
    return pipeline;
  });
  pipelines.set(key, made);
  made.catch(() => pipelines.delete(key));
  return made;
}

/** All pipelines of a program, side by side; `onProgress` counts the distinct ones that are ready. */
export async function compilePipelines(
  device: Device,
  wanted: readonly Wanted[],
  onProgress?: (done: number, total: number) => void,
): Promise<Compiled> {
  const start = performance.now();
  const keys = wanted.map(({ kernel, bound }) => pipelineKey(kernel, bound));
  const first = new Map(keys.map((key, i) => [key, wanted[i]!]));
  const before = stateOf(device).pipelines.size;
  const ready = new Map<string, GPUComputePipeline>();
  const all = [...first].map(async ([key, one]) => {
    ready.set(key, await pipelineOf(device, key, one));
    onProgress?.(ready.size, first.size);
  });
  const compiled = stateOf(device).pipelines.size - before;
  await Promise.all(all);
  const pipelines = keys.map((key) => ready.get(key)!);
  return { pipelines, count: first.size, compiled, ms: performance.now() - start };
}
