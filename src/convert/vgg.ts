// VGG19's weights: where they may be, and whether they are all there.

import { existsSync } from 'node:fs';
import { MissingFileError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import { openStateDict } from '../formats/state-dict.js';
import { requireAmong } from '../nets/architecture.js';
import type { Values } from '../nets/parameters.js';
import { vgg19 } from '../nets/vgg.js';
import { torchFile, torchUrl } from './torch-cache.js';

const NAME = 'vgg19-dcbb9e9d.pth';
export const VGG_URL = torchUrl(NAME);

/** The file that is given, else torch's own, else undefined. @throws MissingFileError for a given one that is not there */
export function findVgg(given: string | undefined): string | undefined {
  if (given !== undefined && !existsSync(given))
    throw new MissingFileError('no such file', { file: given, fix: `Get ${VGG_URL}` });
  return given ?? [torchFile(NAME)].find(existsSync);
}

/** The tensors up to relu5_1, read when they go to the device; the file stays open until `keep` closes it. @throws DataError */
export function openVgg(path: string, keep: Keep): Values {
  const file = keep(openStateDict(path));
  requireAmong(vgg19().parameters, file.shapes, path);
  return ({ name }) =>
    () =>
      file.read(name);
}
