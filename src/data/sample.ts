import type { ReadImage } from './decode.js';
import { type Image, type Limits, toChannels } from './image.js';
import { enlarged, type JitterOptions, recoloured } from './jitter.js';
import { fitPlanes, paddedSize } from './pad.js';
import type { SamplePaths } from './pairing.js';
import { resizeBicubic, resizeNearest, type Size } from './resample.js';
import type { Rng } from './rng.js';
import {
  checkSide,
  cutWindow,
  drawCut,
  drawWindow,
  type GeometryOptions,
  isCropped,
  resizedSize,
} from './transform.js';
import { checkSameSize, instanceIds, type LabelOptions, labelIds, toPlanes } from './values.js';

export type SampleOptions = LabelOptions &
  GeometryOptions &
  JitterOptions &
  Limits & {
    /** Channels of the RGB input, the photo and the style pictures, 1 to 4. */
    inputNc: number;
    outputNc: number;
    featNum: number;
  };

/**
 * One sample as the nets take it, without the batch axis. `labels` and `instances` are ids [1, H, W], `input` (label_nc 0),
 * `image` and `features` are [channels, H, W] in [-1, 1]. What the options or folders leave out is absent.
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

/** Ids [H, W] and interleaved 8-bit samples, each under the name it has in a sample. */
type Pictures = {
  labels?: Int32Array;
  instances?: Int32Array;
  input?: Uint8Array;
  image?: Uint8Array;
  features?: Uint8Array;
};

/** All of a sample that no chance touches: read, checked and resized. Worth keeping: the rest is one copy. */
export type PreparedSample = { paths: SamplePaths; size: Size; pictures: Pictures };

/**
 * Reads, checks and resizes one sample. Throws DataError for anything that would train on wrong values: ids outside the
 * classes, ids in RGB or lossy pictures, pictures of different sizes or too small, damaged files.
 */
export async function prepareSample(
  paths: SamplePaths,
  options: SampleOptions,
  read: ReadImage,
): Promise<PreparedSample> {
  const readPartner = async (path: string | undefined) => (path === undefined ? undefined : read(path, options));
  const partners = [paths.instance, paths.image, paths.feature].map(readPartner);
  const [label, instance, photo, feature] = await Promise.all([read(paths.label, options), ...partners]);
  for (const other of [instance, photo, feature]) if (other) checkSameSize(label, other);
  const size = resizedSize({ width: label.width, height: label.height }, options, label.path);
  checkSide(size, options.leastSide ?? 0, options, label.path);
  const ids = (data: Int32Array) => resizeNearest(data, label, size);
  const colours = (image: Image, channels: number) => resizeBicubic(toChannels(image, channels), image, size, channels);
  const pictures: Pictures = {};
  if (options.labelNc) pictures.labels = ids(labelIds(label, options));
  else pictures.input = colours(label, options.inputNc);
  if (instance) pictures.instances = ids(instanceIds(instance));
  if (photo) pictures.image = colours(photo, options.outputNc);
  if (feature) {
    const { featNum } = options;
    pictures.features = resizeNearest(toChannels(feature, featNum), feature, size, featNum);
  }
  return { paths, size, pictures };
}

/** Bytes that a prepared sample takes in memory. */
export const bytesOf = ({ pictures }: PreparedSample): number =>
  Object.values(pictures).reduce((sum, { byteLength }) => sum + byteLength, 0);

/**
 * Cuts and mirrors a prepared sample as `rng` draws it, enlarged and in other colours where that is asked for. Sides that are no multiple of what the generator keeps grow by
 * repeating the last row and column.
 */
export function drawSample(given: PreparedSample, options: SampleOptions, rng: Rng): Sample {
  const { scaleJitter = 0, colorJitter = 0 } = options;
  const { paths, size, pictures } = scaleJitter > 0 ? enlarged(given, scaleJitter, rng) : given;
  const cutsBack = scaleJitter > 0 && !isCropped(given.size, options);
  const window = cutsBack ? drawCut(size, given.size, options, rng) : drawWindow(size, options, rng);
  const padded = paddedSize(window.size, options.multiple);
  const sample: Sample = { ...padded, paths };
  for (const [name, data] of Object.entries(pictures)) {
    const channels = data.length / (size.width * size.height);
    const cut = cutWindow(data, window, channels);
    const coloured =
      colorJitter > 0 && name === 'image' ? recoloured(cut as Uint8Array, channels, colorJitter, rng) : cut;
    const planes = coloured instanceof Int32Array ? coloured : toPlanes(coloured, channels);
    Object.assign(sample, { [name]: fitPlanes(planes, window.size, padded) });
  }
  return sample;
}
