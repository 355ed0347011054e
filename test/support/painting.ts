// '#painting': what pages load to paint, as the build makes it for them. test.mjs bundles this file by itself.

export { input, relu } from '../../src/engine.js';
export { loadEncoder } from '../../src/generate/encoder.js';
export { loadGenerator } from '../../src/generate/generator.js';
