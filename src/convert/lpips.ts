// LPIPS' weights: its linear layers from one file, its backbone from torchvision's.

import { existsSync } from 'node:fs';
import { DataError, MissingFileError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import { openStateDict, type StateDict } from '../formats/state-dict.js';
import type { LpipsWeights } from '../metrics/lpips.js';
import { requireAmong } from '../nets/architecture.js';
import { BACKBONES, type BackboneName, backboneParameters, linearParameters } from '../nets/lpips.js';
import { torchFile, torchUrl } from './torch-cache.js';

/** torchvision's files. */
const FILES: Record<BackboneName, string> = {
  alex: 'alexnet-owt-7be5be79.pth',
  vgg: 'vgg16-397923af.pth',
};

/** Linear layers that fit: other files of that package have as many channels as other backbones. */
function backboneOf({ shapes, file }: StateDict): BackboneName {
  const names = Object.keys(BACKBONES) as BackboneName[];
  const fitting = names.find((name) =>
    linearParameters(name).every((parameter) => shapes.get(parameter.name)?.join() === parameter.shape.join()),
  );
  if (fitting) return fitting;
  const fix = 'Give weights/v0.1/alex.pth or vgg.pth of the package lpips (github.com/richzhang/PerceptualSimilarity)';
  throw new DataError('holds no linear layers of LPIPS (lin0.model.1.weight …) for AlexNet or VGG16', { file, fix });
}

/** The file that is given, else torch's own. @throws MissingFileError */
function findBackbone(name: BackboneName, given: string | undefined): string {
  const path = given ?? torchFile(FILES[name]);
  if (existsSync(path)) return path;
  const fix = `Get ${torchUrl(FILES[name])} and give --lpips-net FILE`;
  throw new MissingFileError(given ? 'no such file' : `the weights of LPIPS' backbone are not there`, {
    file: path,
    fix,
  });
}

/**
 * Opens the weights; tensors are read when they go to the device, and the files stay open until `keep` closes them.
 * @param linear the package's weights/v0.1/alex.pth or vgg.pth
 * @param backbone torchvision's alexnet-owt-….pth or vgg16-….pth (default: as torch has downloaded it)
 * @throws MissingFileError, DataError
 */
export function openLpips(linear: string, backbone: string | undefined, keep: Keep): LpipsWeights {
  const lin = keep(openStateDict(linear));
  const name = backboneOf(lin);
  const net = keep(openStateDict(findBackbone(name, backbone)));
  requireAmong(backboneParameters(name), net.shapes, net.file);
  return {
    backbone: name,
    values: (parameter) => () => (lin.shapes.has(parameter.name) ? lin : net).read(parameter.name),
  };
}
