import type { Tensor } from '../engine.js';
import { openSafetensors, type Safetensors } from '../formats/safetensors.js';
import type { Source } from '../formats/source.js';
import { generatorNet, requireTensors } from '../nets/architecture.js';
import { type Manifest, readManifest } from '../nets/manifest.js';
import type { Net } from '../nets/parameters.js';

/** A generator's file whose tensors are those of the net that its manifest names. */
export interface GeneratorFile {
  file: Safetensors;
  manifest: Manifest;
  net: Net<Tensor>;
}

/** @throws DataError where the file is damaged or no generator */
export function openGenerator(source: Source): GeneratorFile {
  const file = openSafetensors(source);
  const manifest = readManifest(file.metadata, source.name);
  const net = generatorNet(manifest.generator);
  const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
  requireTensors(net.parameters, shapes, source.name);
  return { file, manifest, net };
}
