/** Painting in a page, from one file that imports nothing: `dist/pix2pixhd.min.js`. */
export { openDevice } from '../device/browser.pages.js';
export type { Device } from '../device/device.js';
export { DeviceLostError, DeviceUnavailableError, OutOfMemoryError } from '../device/errors.js';
export { DataError, IOError, ProjectError } from '../errors.js';
export type { EncodedRegions } from '../generate/encoder.js';
export type { GenerateInput } from '../generate/generator.js';
export type { Centres, Style, StyleChoice, Styles } from '../generate/styles.js';
export type { Manifest } from '../nets/manifest.js';
export { VERSION } from '../version.js';
export { type Canvas, type LoadOptions, loadGenerator, type PageGenerator } from './generator.js';
export type { FetchOptions, WebSource } from './source.js';
export { type Reason, whyNot } from './why-not.js';
