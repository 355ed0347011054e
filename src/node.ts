// Node's entry: opens devices through Dawn, and works on files and folders.

export { type ExportJob, exportCheckpoint } from './convert/export.js';
export { type ImportJob, importCheckpoint } from './convert/import.js';
export type { AdapterInfo, Device, DeviceLimits, DeviceOptions, DeviceProfile } from './device/device.js';
export {
  DeviceError,
  DeviceLostError,
  DeviceUnavailableError,
  OutOfMemoryError,
  ValidationError,
} from './device/errors.js';
export { openDevice } from './device/node.js';
export { centresOf, type RegionStyle, typicalStyles } from './encode/cluster.js';
export { type EncodedPicture, encodeRegions } from './encode/regions.js';
export { storeStyles } from './encode/store.js';
export { type FileSource, openFile } from './formats/files.js';
export { openStateDict, type StateDict } from './formats/state-dict.js';
export { exportOnnx, type OnnxOptions } from './generate/export-onnx.js';
export { findCheckpointFile, findGenerator } from './generate/find.js';
export { type FolderJob, generateFolder } from './generate/folder.js';
export { findEncoder } from './generate/parts.js';
export { AS_THEY_ARE, type Scaling } from './generate/whole.js';
