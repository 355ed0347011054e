import type { Tensor } from '../engine.js';
import type { Safetensors } from '../formats/safetensors.js';
import { generatorNet } from '../nets/architecture.js';
import { type Manifest, readManifest } from '../nets/manifest.js';
import type { Net } from '../nets/parameters.js';
import { generatorPart } from './parts-of-file.js';
import { type Bytes, openWeights, requireWeights } from './weights.js';

/** A generator's file whose tensors are those of the net that its manifest names. */
export interface GeneratorFile {
  file: Safetensors;
  manifest: Manifest;
  net: Net<Tensor>;
}

/** @throws DataError where the file is damaged or no generator */
export function openGenerator(source: Bytes): GeneratorFile {
  const file = generatorPart(openWeights(source));
  const manifest = readManifest(file.metadata, file.source.name);
  const net = generatorNet(manifest.generator);
  requireWeights(net.parameters, file);
  return { file, manifest, net };
}
