/** The main entry, for Node and browsers alike: nets by their files, and checkpoints as bytes. Devices come from ./node or ./browser. */
export { ProjectError } from './errors.js';
export { parsePth } from './formats/pth.js';
export { encodeSafetensors, parseSafetensors, readTensor } from './formats/safetensors.js';
export { bytesSource, type Source } from './formats/source.js';
export { inferDiscriminator, inferGenerator, requireTensors } from './nets/architecture.js';
export { encodeInput } from './nets/encode-input.js';
export { globalGenerator } from './nets/generator.js';
export { createVariables, lookup } from './nets/parameters.js';
export { VERSION } from './version.js';
