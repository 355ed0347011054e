import { decodeClusters, decodeNpy, encodeNpy } from '../../src/formats/npy.js';
import { parsePth } from '../../src/formats/pth.js';
import { encodeSafetensors, parseSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { readShardIndex } from '../../src/formats/shards.js';
import { bytesSource } from '../../src/formats/source.js';
import { readTorchAdam } from '../../src/formats/torch-adam.js';
import { stateDict, stream, zip } from './build.js';
import type { Target } from './mutate.js';
import { ascii, fixture } from './support.js';

const FLOATS = [...new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer)];

const SAFETENSORS = encodeSafetensors(
  [
    { name: 'model.1.weight', dtype: 'F32', shape: [2, 3], data: Float32Array.from({ length: 6 }) },
    { name: 'model.1.bias', dtype: 'F16', shape: [2], data: new Uint16Array(2) },
    { name: 'step', dtype: 'I64', shape: [], data: new BigInt64Array(1) },
  ],
  { format: 'pt', classes: '["a"]' },
);

function readAll(bytes: Uint8Array): void {
  const file = parseSafetensors(bytes);
  for (const name of file.tensors.keys()) readTensor(file, name);
}

const INDEX = '{"metadata":{"total_size":8},"weight_map":{"a.weight":"model-1.safetensors","b":"model-2.safetensors"}}';

function readAdam(bytes: Uint8Array): void {
  const parameters = [[2, 3, 2, 1], [2]].map((shape, i) => ({ name: `${i}`, shape }));
  for (const { m, v } of readTorchAdam(bytesSource(bytes), parameters).moments.values()) [m(), v()];
}

/** One small seed a reader: most mutations of a large file would hit weights, where nothing can go wrong. */
export const targets: Target[] = [
  { name: 'safetensors', seed: SAFETENSORS, read: readAll },
  {
    name: 'pth zip',
    seed: zip([
      ['r/data.pkl', stateDict({})],
      ['r/data/0', FLOATS],
      ['r/version', ascii('3')],
    ]),
    read: parsePth,
  },
  { name: 'pth stream', seed: stream(stateDict({ stream: true }), FLOATS), read: parsePth },
  { name: 'index of shards', seed: Uint8Array.from(ascii(INDEX)), read: (bytes) => readShardIndex(bytesSource(bytes)) },
  { name: 'Adam zip', seed: fixture('tiny_adam_zip.pth'), read: readAdam },
  { name: 'Adam stream', seed: fixture('tiny_adam_legacy.pth'), read: readAdam },
  { name: 'npy', seed: encodeNpy(Float32Array.from({ length: 6 }), [2, 3]), read: decodeNpy },
  { name: 'clusters', seed: fixture('features_clustered_010.npy'), read: decodeClusters },
];
