// The states of torch's optimisers as a checkpoint's moments.

import { basename } from 'node:path';
import type { TensorToWrite } from '../formats/safetensors.js';
import type { Source } from '../formats/source.js';
import { readTorchAdam, type StoredMoments } from '../formats/torch-adam.js';
import { isBuffer, type Parameter } from '../nets/parameters.js';
import type { NetName } from './find.js';

interface Moments {
  tensors: TensorToWrite[];
  step: number;
}

type Nets = readonly { name: NetName; parameters: readonly Parameter[] }[];

/** All that an optimiser of these nets sees, under the names that moments have. */
const optimisedOf = (nets: Nets) =>
  nets.flatMap(({ name: net, parameters }) =>
    parameters
      .filter((p) => !isBuffer(p))
      .map(({ name, shape, trained }) => ({ name: `${net}.${name}`, shape, trained })),
  );

function momentTensors(name: string, shape: readonly number[], { m, v }: StoredMoments): TensorToWrite[] {
  const head = { dtype: 'F32' as const, shape: [...shape] };
  return [
    { name: `${name}.exp_avg`, ...head, data: m },
    { name: `${name}.exp_avg_sq`, ...head, data: v },
  ];
}

/** Moments of what is trained in some nets, under the names that a checkpoint's optimizer.safetensors has. Throws DataError. */
export function takeMoments(source: Source, nets: Nets, say: (text: string) => void): Moments {
  const all = optimisedOf(nets);
  const { step, moments } = readTorchAdam(source, all);
  const kept = all.filter(({ name, trained }) => trained && moments.has(name));
  const rest = moments.size - kept.length;
  const unused = rest > 0 ? `; not taken: those of ${rest} biases that a norm cancels` : '';
  say(`Adam: ${kept.length} pairs of moments at step ${step} of ${basename(source.name)}${unused}`);
  return { tensors: kept.flatMap(({ name, shape }) => momentTensors(name, shape, moments.get(name)!)), step };
}
