// The image pool in a checkpoint, pool.safetensors: a tensor for each map of each fake, `EXTENT/NUMBER/NAME`.

import type { DType, HostTensor } from '../formats/dtype.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import type { Fake, ImagePool } from './pool.js';

const FIELDS = ['labels', 'input', 'instances', 'picture'] as const satisfies readonly (keyof Fake)[];

const dtypeOf = (data: Int32Array | Float32Array): DType => (data instanceof Int32Array ? 'I32' : 'F32');

/** The tensors of a pool as it is now, one dimension each. */
export function poolTensors({ kept }: ImagePool): TensorToWrite[] {
  return [...kept].flatMap(([extent, fakes]) =>
    fakes.flatMap((fake, number) =>
      FIELDS.flatMap((field) => {
        const data = fake[field];
        return data ? [{ name: `${extent}/${number}/${field}`, dtype: dtypeOf(data), shape: [data.length], data }] : [];
      }),
    ),
  );
}

/** The fakes of such a file, in the order they had. */
export function pooledFakes(names: Iterable<string>, read: (name: string) => HostTensor): ImagePool['kept'] {
  const pools = new Map<string, Fake[]>();
  for (const name of names) {
    const [extent, number, field] = name.split('/') as [string, string, keyof Fake];
    if (!pools.has(extent)) pools.set(extent, []);
    const fakes = pools.get(extent)!;
    fakes[Number(number)] = { ...fakes[Number(number)]!, [field]: read(name).data };
  }
  return pools;
}
