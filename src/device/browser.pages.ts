import { type Device, type DeviceOptions, deviceOf } from './device.js';
import { noAdapter, webgpu } from './page.js';

/**
 * Opens the adapter that the browser prefers. A page has one or two to choose from, and `powerPreference` chooses.
 * @throws DeviceUnavailableError with the reason in words
 */
export async function openDevice({
  powerPreference = 'high-performance',
}: Pick<DeviceOptions, 'powerPreference'> = {}): Promise<Device> {
  const adapter = await webgpu().requestAdapter({ powerPreference });
  if (!adapter) throw noAdapter();
  return deviceOf(adapter, "the browser's choice", {});
}
