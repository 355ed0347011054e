import type { SamplePaths } from './folders.js';
import { type Image, type Limits, toRgb } from './image.js';
import { readImage } from './load.js';
import type { Rng } from './rng.js';
import { drawGeometry, type Geometry, type GeometryOptions, transformIds, transformPhoto } from './transform.js';
import { checkSameSize, instanceIds, type LabelOptions, labelIds, toPlanes } from './values.js';

export type SampleOptions = LabelOptions & GeometryOptions & Limits;

/**
 * One sample as the nets take it, without the batch axis. `labels` and `instances` are ids [1, H, W], `input` (label_nc 0),
 * `image` and `features` are [3, H, W] in [-1, 1]. What the options or folders leave out is absent.
 */
export type Sample = {
  width: number;
  height: number;
  labels?: Int32Array;
  input?: Float32Array;
  instances?: Int32Array;
  image?: Float32Array;
  features?: Float32Array;
  paths: SamplePaths;
};

/**
 * Reads, checks and transforms one sample; `rng` draws crop and mirroring. Throws DataError for anything that would train
 * on wrong values: ids outside the classes, ids in RGB or lossy pictures, pictures of different sizes, damaged files.
 */
export async function loadSample(paths: SamplePaths, options: SampleOptions, rng: Rng): Promise<Sample> {
  const read = async (path: string | undefined) => (path === undefined ? undefined : readImage(path, options));
  const partners = [paths.instance, paths.image, paths.feature].map(read);
  const [label, instance, photo, feature] = await Promise.all([readImage(paths.label, options), ...partners]);
  for (const other of [instance, photo, feature]) if (other) checkSameSize(label, other);
  const geometry = drawGeometry({ width: label.width, height: label.height }, options, rng, label.path);
  const sample: Sample = { ...geometry.size, paths };
  if (options.labelNc) sample.labels = transformIds(labelIds(label, options), geometry);
  else sample.input = photoPlanes(label, geometry);
  if (instance) sample.instances = transformIds(instanceIds(instance), geometry);
  if (photo) sample.image = photoPlanes(photo, geometry);
  if (feature) sample.features = toPlanes(transformIds(toRgb(feature), geometry, 3));
  return sample;
}

const photoPlanes = (image: Image, geometry: Geometry): Float32Array =>
  toPlanes(transformPhoto(toRgb(image), geometry));
