import type * as full from './wgsl-constants.js';

/** Whole numbers and truths are all that is baked into shaders that paint. */
export const declaration: typeof full.declaration = (name, value) => [
  new RegExp(`^const ${name}: (\\w+) = [^;]*;`, 'm'),
  (type) => `const ${name}: ${type} = ${value}${type === 'u32' ? 'u' : ''};`,
];
