// Opens a device in a browser tab or worker.

import { answersTo, type Device, type DeviceOptions, deviceOf, infoOf } from './device.js';
import { DeviceUnavailableError } from './errors.js';
import { noAdapter, webgpu } from './page.js';
import { pageCache } from './page-cache.js';

/** Opens the named adapter, else the one the browser prefers. Throws DeviceUnavailableError with the reason in words. */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const gpu = webgpu();
  const { adapter: wanted, powerPreference = 'high-performance' } = options;
  const adapter =
    wanted && wanted !== 'auto' ? await named(gpu, wanted) : await gpu.requestAdapter({ powerPreference });
  const reason = wanted ? `it answers to "${wanted}"` : "the browser's choice";
  if (!adapter) throw noAdapter();
  return deviceOf(adapter, reason, options, pageCache());
}

/** A page cannot list adapters; these three requests reach all that a browser would ever hand out. */
async function named(gpu: GPU, wanted: string): Promise<GPUAdapter> {
  const requests: GPURequestAdapterOptions[] = [
    { powerPreference: 'high-performance' },
    { powerPreference: 'low-power' },
    { forceFallbackAdapter: true },
  ];
  const found = await Promise.all(requests.map((request) => gpu.requestAdapter(request)));
  const adapters = found.filter((adapter) => adapter !== null);
  const match = adapters.find((adapter) => answersTo(infoOf(adapter, ''), wanted));
  if (match) return match;
  const names = adapters
    .map((adapter) => infoOf(adapter, ''))
    .map((info) => info.description || info.architecture || info.vendor);
  throw new DeviceUnavailableError(
    `No adapter answers to "${wanted}"; there are: ${[...new Set(names)].join(', ') || 'none'}`,
    'Give a part of one of these names, or leave the name out',
  );
}
