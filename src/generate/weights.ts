import { toFloat32 } from '../formats/dtype.js';
import { openSafetensors, readTensor, type Safetensors } from '../formats/safetensors.js';
import { bytesSource, type Source } from '../formats/source.js';
import type { Precision } from '../graph/half.js';
import { requireTensors } from '../nets/architecture.js';
import { createVariables, type Parameter, type Variables } from '../nets/parameters.js';

/** A file's bytes, a Source such as `openFile` gives in Node, or a file whose index was read already. */
export type Bytes = Source | ArrayBuffer | Uint8Array | Safetensors;

export function openWeights(bytes: Bytes): Safetensors {
  if ('tensors' in bytes) return bytes;
  if (bytes instanceof ArrayBuffer) return openSafetensors(bytesSource(new Uint8Array(bytes)));
  return openSafetensors(bytes instanceof Uint8Array ? bytesSource(bytes) : bytes);
}

/** @throws DataError where the file's tensors are not the net's */
export const requireWeights = (parameters: readonly Parameter[], { tensors, source }: Safetensors): void =>
  requireTensors(parameters, new Map([...tensors].map(([name, { shape }]) => [name, shape])), source.name);

/** A net's tensors, each read when it goes to the device: the weights are never twice in memory. */
export function fileVariables(parameters: readonly Parameter[], file: Safetensors, precision?: Precision): Variables {
  const values = (name: string) => () => toFloat32(readTensor(file, name), name);
  return createVariables(parameters, ({ name }) => values(name), precision === 'f16');
}
