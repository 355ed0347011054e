/** The main entry, for Node and browsers alike: nets by their files, and checkpoints as bytes. Devices come from ./node or ./browser. */
export { ProjectError } from './errors.js';
export { parsePth } from './formats/pth.js';
export { encodeSafetensors, parseSafetensors, readTensor } from './formats/safetensors.js';
export { bytesSource, type Source } from './formats/source.js';
export { type EncodedRegions, type EncodeInput, type Encoder, loadEncoder } from './generate/encoder.js';
export { type GenerateInput, type Generator, loadGenerator, type Picture } from './generate/generator.js';
export type { Centres, Style, StyleChoice, Styles } from './generate/styles.js';
export { inferDiscriminator, inferGenerator, requireTensors } from './nets/architecture.js';
export type { Manifest } from './nets/manifest.js';
export { VERSION } from './version.js';
