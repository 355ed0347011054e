// What is asked of an adapter beyond what WebGPU guarantees, and what a device then has.

import type { DeviceOptions } from './device.js';
import { DeviceUnavailableError } from './errors.js';

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'minStorageBufferOffsetAlignment',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxUniformBufferBindingSize',
] as const;
export type DeviceLimits = Record<(typeof LIMITS)[number], number>;

/** Asked for when the adapter has them; nothing in the engine may need them. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

const limitOf = (limits: GPUSupportedLimits, name: string) => (limits as unknown as Record<string, number>)[name];

function limitsToRequest(adapter: GPUAdapter, wanted: DeviceOptions['limits']): Record<string, number> {
  if (wanted === 'default') return {};
  const request: Record<string, number> = {};
  for (const name of LIMITS) request[name] = limitOf(adapter.limits, name);
  for (const [name, value] of Object.entries(wanted ?? {})) {
    const has = limitOf(adapter.limits, name);
    // The alignments are the limits where less is better.
    const tooMuch = name.startsWith('min') ? value! < has : value! > has;
    if (has === undefined || tooMuch) {
      throw new DeviceUnavailableError(
        `Limit ${name}: ${value} was asked, the adapter has ${has ?? 'no such limit'}.`,
        'Ask for less, or leave `limits` out to get all the adapter has.',
      );
    }
    request[name] = value!;
  }
  return request;
}

/** What to open a device with. @throws DeviceUnavailableError for limits that the adapter does not have */
export const asked = (
  adapter: GPUAdapter,
  limits: DeviceOptions['limits'],
): Pick<GPUDeviceDescriptor, 'requiredFeatures' | 'requiredLimits'> => ({
  requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
  requiredLimits: limitsToRequest(adapter, limits),
});

/** WebGPU raises a request below its guaranteed value to that value; smaller caps are kept here, for tests of splitting. */
export function granted(
  gpu: GPUDevice,
  limits: DeviceOptions['limits'],
): { limits: DeviceLimits; features: ReadonlySet<string> } {
  const caps: Partial<Record<string, number>> = typeof limits === 'object' ? limits : {};
  const all = LIMITS.map((name) => {
    const better = name.startsWith('min') ? Math.max : Math.min;
    return [name, better(limitOf(gpu.limits, name), caps[name] ?? limitOf(gpu.limits, name))];
  });
  return {
    limits: Object.fromEntries(all) as DeviceLimits,
    features: new Set(FEATURES.filter((name) => gpu.features.has(name))),
  };
}
