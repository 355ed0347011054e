// The golden generator with style channels and the encoder that goes with it, as files.

import { defaultClasses } from '../../src/data/colours.js';
import type { Tensor } from '../../src/engine.js';
import { generatorNet } from '../../src/nets/architecture.js';
import { encoderNet } from '../../src/nets/encoder.js';
import { type Manifest, manifestMetadata } from '../../src/nets/manifest.js';
import type { Net } from '../../src/nets/parameters.js';
import { ENCODER, ENCODING, GENERATOR, hashed } from '../nets/golden.js';

/** 5 classes, edges and 3 style channels by instance. */
export const MANIFEST: Manifest = {
  format: 1,
  generator: { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0, inputNc: 9 },
  encoding: { ...ENCODING, features: { count: 3, by: 'instance' } },
  encoder: ENCODER,
  classes: { ...defaultClasses(5), palette: [] },
  step: 1,
};

/** Tensors and metadata of a net's file, with hashed weights. */
function contents(net: Net<Tensor>, seed: number, manifest: Manifest) {
  const values = hashed(seed);
  const tensors = net.parameters.map((p, i) => ({
    name: p.name,
    dtype: 'F32' as const,
    shape: [...p.shape],
    data: values(p, i) as Float32Array,
  }));
  return { tensors, metadata: manifestMetadata(manifest) };
}

export const generatorFile = (manifest: Manifest = MANIFEST) => contents(generatorNet(manifest.generator), 1, manifest);
export const encoderFile = (manifest: Manifest = MANIFEST) => contents(encoderNet(ENCODER), 4, manifest);
