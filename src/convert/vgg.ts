// VGG19's weights: where they may be, and whether they are all there.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MissingFileError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import { openStateDict } from '../formats/state-dict.js';
import { requireTensors } from '../nets/architecture.js';
import type { Values } from '../nets/parameters.js';
import { vgg19 } from '../nets/vgg.js';

const NAME = 'vgg19-dcbb9e9d.pth';
export const VGG_URL = `https://download.pytorch.org/models/${NAME}`;

/** Where torch keeps what it has downloaded. */
function torchCache(): string {
  const { TORCH_HOME, XDG_CACHE_HOME } = process.env;
  const home = TORCH_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'torch');
  return join(home, 'hub', 'checkpoints', NAME);
}

/** The file that is given, else torch's own, else undefined. @throws MissingFileError for a given one that is not there */
export function findVgg(given: string | undefined): string | undefined {
  if (given !== undefined && !existsSync(given))
    throw new MissingFileError('no such file', { file: given, fix: `Get ${VGG_URL}` });
  return given ?? [torchCache()].find(existsSync);
}

/** The tensors up to relu5_1, read when they go to the device; the file stays open until `keep` closes it. @throws DataError */
export function openVgg(path: string, keep: Keep): Values {
  const file = keep(openStateDict(path));
  const { parameters } = vgg19();
  const wanted = new Set(parameters.map(({ name }) => name));
  requireTensors(parameters, new Map([...file.shapes].filter(([name]) => wanted.has(name))), path);
  return ({ name }) =>
    () =>
      file.read(name);
}
