// The weights of the net that FID is measured with.

import { existsSync } from 'node:fs';
import { MissingFileError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import { openStateDict } from '../formats/state-dict.js';
import { requireAmong } from '../nets/architecture.js';
import { foldedTensor } from '../nets/folded-norm.js';
import { type InceptionLayer, inceptionLayers } from '../nets/inception.js';
import type { Parameter, Values } from '../nets/parameters.js';

export const INCEPTION_URL =
  'https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth';

/** A layer's tensors in the file. */
const tensorsOf = ({ name, inputs, outputs, kernel }: InceptionLayer): Parameter[] => [
  { name: `${name}.conv.weight`, shape: [outputs, inputs, ...kernel], role: 'weight', fanIn: 0, trained: false },
  ...(['weight', 'bias', 'running_mean', 'running_var'] as const).map(
    (part): Parameter => ({ name: `${name}.bn.${part}`, shape: [outputs], role: 'scale', fanIn: 0, trained: false }),
  ),
];

/** Tensors are read when they go to the device; the file stays open until `keep` closes it. @throws MissingFileError, DataError */
export function openInception(path: string, keep: Keep): Values {
  if (!existsSync(path)) throw new MissingFileError('no such file', { file: path, fix: `Get ${INCEPTION_URL}` });
  const file = keep(openStateDict(path));
  requireAmong(inceptionLayers().flatMap(tensorsOf), file.shapes, path);
  return ({ name }) =>
    () =>
      foldedTensor(file, name);
}
