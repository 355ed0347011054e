import type { SampleOptions } from '../data/sample.js';
import type { GeometryOptions } from '../data/transform.js';
import { keptMultiple } from '../nets/encoder.js';
import type { Manifest } from '../nets/manifest.js';

/** How pictures are scaled; they are never cut or mirrored. */
export type Scaling = Pick<GeometryOptions, 'resizeOrCrop' | 'loadSize'>;

/** Pictures as they are: nothing is cut where the square is larger than any. */
export const AS_THEY_ARE: Scaling = { resizeOrCrop: 'crop', loadSize: 0 };

export const toWidth = (loadSize: number): Scaling => ({ resizeOrCrop: 'scale_width', loadSize });

/** How a trained net's pictures are read. */
export const wholePictures = ({ encoding, generator, encoder }: Manifest, scaling: Scaling): SampleOptions => ({
  ...encoding,
  outputNc: generator.outputNc,
  featNum: encoding.features?.count ?? 0,
  trained: true,
  ...scaling,
  fineSize: Number.MAX_SAFE_INTEGER,
  multiple: keptMultiple(generator, encoder),
  noFlip: true,
});
