// What the adapter itself can do, measured in the same process: the fastest of several runs, since a roofline is a bound.

import type { Device } from '../src/device/device.js';
import copyText from './copy.wgsl';
import fmaText from './fma.wgsl';
import { timed } from './measure.js';

export interface Roofline {
  /** Multiply-adds in registers, two operations each. */
  gflops: number;
  /** A kernel that copies, reads and writes counted. */
  gbps: number;
}

const WORKGROUP = 64;
const INVOCATIONS = 2 ** 16;
const CHAINS = 12;
const ROUNDS = 4096;
/** On two cores of a CPU; a GPU does a thousand of these in a submit. */
const REPEATS = { cpu: 1, gpu: 100 };
const COPIED_BYTES = 2 ** 24;
const RUNS = 9;

/** Milliseconds of `text` over buffers of these sizes. */
async function fastest(
  device: Device,
  text: string,
  sizes: readonly number[],
  invocations: number,
  repeats: number,
): Promise<number> {
  const { gpu } = device;
  const module = gpu.createShaderModule({ code: text });
  const pipeline = await gpu.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffers = await device.allocate(sizes.map((size) => ({ size, usage: GPUBufferUsage.STORAGE })));
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const run = () => {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(invocations / WORKGROUP);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    return gpu.queue.onSubmittedWorkDone();
  };
  const times: number[] = [];
  for (let i = 0; i <= RUNS; i++) times.push(await timed(run));
  for (const buffer of buffers) device.release(buffer);
  return Math.min(...times.slice(1)) / repeats;
}

export async function rooflineOf(device: Device): Promise<Roofline> {
  const repeats = REPEATS[device.profile.kind];
  const fma = await fastest(device, fmaText, [4 * INVOCATIONS], INVOCATIONS, repeats);
  const copy = await fastest(device, copyText, [COPIED_BYTES, COPIED_BYTES], COPIED_BYTES / 16, repeats);
  return { gflops: (2 * CHAINS * ROUNDS * INVOCATIONS) / fma / 1e6, gbps: (2 * COPIED_BYTES) / copy / 1e6 };
}
