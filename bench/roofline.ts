// What the adapter itself can do. Measured at the start, and once more in every round of every case: where other programs take
// the processor, a rate from another minute would be no bound.

import type { Device } from '../src/device/device.js';
import { specialise } from '../src/kernels/wgsl.js';
import copyText from './copy.wgsl';
import fmaText from './fma.wgsl';
import { timed } from './measure.js';

/** A kernel that does one thing as fast as can be. */
export interface Probe {
  /** Operations, or bytes read and written, of a run. */
  amount: number;
  run(): Promise<void>;
}

export interface Probes {
  /** Multiply-adds in registers, two operations each. */
  fma: Probe;
  copy: Probe;
}

/** Giga-operations and gigabytes a second. */
export interface Roofline {
  gflops: number;
  gbps: number;
}

const WORKGROUP = 64;
/** Of multiply-adds an invocation: CHAINS · ROW · LOOPS of fma.wgsl. */
const FMAS = 12 * 32 * 128;
/** On two cores of a CPU a run takes milliseconds; a GPU needs more to do, or submitting is what is measured. */
const SCALE = { cpu: 1, gpu: 64 };
const INVOCATIONS = 2 ** 14;
const COPIED_BYTES = 2 ** 23;
const RUNS = 9;

async function probe(
  { gpu, allocate }: Device,
  text: string,
  sizes: readonly number[],
  workgroups: number,
  amount: number,
): Promise<Probe> {
  const module = gpu.createShaderModule({ code: specialise(text, { constants: {} }) });
  const pipeline = await gpu.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffers = await allocate(sizes.map((size) => ({ size, usage: GPUBufferUsage.STORAGE })));
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  async function run(): Promise<void> {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
  }
  await run();
  return { run, amount };
}

export async function probesOf(device: Device): Promise<Probes> {
  const scale = SCALE[device.profile.kind];
  const [count, bytes] = [scale * INVOCATIONS, Math.min(8, scale) * COPIED_BYTES];
  return {
    fma: await probe(device, fmaText, [4 * count], count / WORKGROUP, 2 * FMAS * count),
    copy: await probe(device, copyText, [bytes, bytes], bytes / 16 / WORKGROUP, 2 * bytes),
  };
}

/** The best of several runs: what else the machine does only adds. */
async function rateOf({ run, amount }: Probe): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) least = Math.min(least, await timed(run));
  return amount / least / 1e6;
}

export const rooflineOf = async ({ fma, copy }: Probes): Promise<Roofline> => ({
  gflops: await rateOf(fma),
  gbps: await rateOf(copy),
});
