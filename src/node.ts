// Node's entry: opens devices through Dawn.

export type { AdapterInfo, Device, DeviceLimits, DeviceOptions, DeviceProfile } from './device/device.js';
export {
  DeviceError,
  DeviceLostError,
  DeviceUnavailableError,
  OutOfMemoryError,
  ValidationError,
} from './device/errors.js';
export { openDevice } from './device/node.js';
