// The browser's entry: opens devices through navigator.gpu.

export { openDevice } from './device/browser.js';
export type { AdapterInfo, Device, DeviceLimits, DeviceOptions, DeviceProfile } from './device/device.js';
export {
  DeviceError,
  DeviceLostError,
  DeviceUnavailableError,
  OutOfMemoryError,
  ValidationError,
} from './device/errors.js';
