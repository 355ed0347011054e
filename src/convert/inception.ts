// The weights of the net that FID is measured with.

import { existsSync } from 'node:fs';
import { MissingFileError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import { openStateDict, type Tensors } from '../formats/state-dict.js';
import { requireAmong } from '../nets/architecture.js';
import { type InceptionLayer, inceptionLayers } from '../nets/inception.js';
import type { Parameter, Values } from '../nets/parameters.js';

export const INCEPTION_URL =
  'https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth';

/** Of its batch norms. */
const EPS = 1e-3;

/** A layer's tensors in the file. */
const tensorsOf = ({ name, inputs, outputs, kernel }: InceptionLayer): Parameter[] => [
  { name: `${name}.conv.weight`, shape: [outputs, inputs, ...kernel], role: 'weight', fanIn: 0, trained: false },
  ...(['weight', 'bias', 'running_mean', 'running_var'] as const).map(
    (part): Parameter => ({ name: `${name}.bn.${part}`, shape: [outputs], role: 'scale', fanIn: 0, trained: false }),
  ),
];

/** A batch norm that is evaluated is a factor and a summand for every channel: both go into the convolution before it. */
function foldedNorm(file: Tensors, layer: string) {
  const part = (name: string) => file.read(`${layer}.bn.${name}`);
  const variance = part('running_var');
  const factor = Float64Array.from(part('weight'), (scale, c) => scale / Math.sqrt(variance[c]! + EPS));
  const mean = part('running_mean');
  return { factor, bias: part('bias').map((shift, c) => shift - mean[c]! * factor[c]!) };
}

/** The net's tensor of that name, with the batch norm in it. */
export function foldedTensor(file: Tensors, name: string): Float32Array {
  const layer = name.slice(0, name.lastIndexOf('.'));
  const { factor, bias } = foldedNorm(file, layer);
  if (name.endsWith('.bias')) return bias;
  const weights = file.read(`${layer}.conv.weight`).slice();
  const perOutput = weights.length / factor.length;
  for (const [output, by] of factor.entries()) {
    for (let i = output * perOutput; i < (output + 1) * perOutput; i++) weights[i]! *= by;
  }
  return weights;
}

/** Tensors are read when they go to the device; the file stays open until `keep` closes it. @throws MissingFileError, DataError */
export function openInception(path: string, keep: Keep): Values {
  if (!existsSync(path)) throw new MissingFileError('no such file', { file: path, fix: `Get ${INCEPTION_URL}` });
  const file = keep(openStateDict(path));
  requireAmong(inceptionLayers().flatMap(tensorsOf), file.shapes, path);
  return ({ name }) =>
    () =>
      foldedTensor(file, name);
}
