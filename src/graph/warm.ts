import type { Device } from '../device/device.js';
import { STORAGE_USAGE, UNIFORM_USAGE } from './storage.js';

const INDIRECT_USAGE = 0x100;
/** As large as any kernel's uniforms, and as any element of a storage array. */
const [UNIFORM_BYTES, STORAGE_BYTES] = [4096, 16];

/** Buffers of zeros that stand in for a kernel's: nothing reads them, and a program's own may be replaced meanwhile. */
function standIns({ gpu }: Device, count: number): [indirect: GPUBuffer, ...bindings: GPUBuffer[]] {
  const storage = Array.from({ length: count }, () => gpu.createBuffer({ size: STORAGE_BYTES, usage: STORAGE_USAGE }));
  const uniforms = gpu.createBuffer({ size: UNIFORM_BYTES, usage: UNIFORM_USAGE });
  return [gpu.createBuffer({ size: 12, usage: INDIRECT_USAGE }), uniforms, ...storage];
}

/**
 * Dispatches nothing, since Mesa's software driver compiles a pipeline where it is first dispatched, for up to seconds. Indirectly:
 * Dawn warns people of a literal `dispatchWorkgroups(0)`. `storages` is how many storage buffers `layout` has behind the uniforms.
 */
export async function warm(
  device: Device,
  pipeline: GPUComputePipeline,
  layout: GPUBindGroupLayout,
  storages: number,
): Promise<void> {
  const { gpu } = device;
  const [indirect, ...bindings] = standIns(device, storages);
  const entries = bindings.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroupsIndirect(indirect, 0);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  await gpu.queue.onSubmittedWorkDone();
  for (const buffer of [indirect, ...bindings]) buffer.destroy();
  if (device.isLost()) throw await device.lost;
}
