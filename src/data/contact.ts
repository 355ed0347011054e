import { type Classes, colourLabels } from './colours.js';
import type { DatasetOptions } from './dataset.js';
import { instanceEdges } from './encode.js';
import { type Image, toRgb } from './image.js';
import { readImage } from './load.js';
import type { SamplePaths } from './pairing.js';
import { resizeNearest } from './resample.js';
import { encodeSheet, type Tile } from './sheet.js';
import { instanceIds, labelIds } from './values.js';

const SAMPLES = 12;
const WIDTH = 256;

function tileOf({ width, height }: Image, rgb: Uint8Array): Tile {
  const size = { width: Math.min(width, WIDTH), height: Math.round(height * Math.min(1, WIDTH / width)) || 1 };
  return { ...size, rgb: resizeNearest(rgb, { width, height }, size, 3) };
}

/** White where an instance ends. */
const edgesOf = (image: Image): Uint8Array =>
  toRgb({
    ...image,
    channels: 1,
    depth: 8,
    palette: undefined,
    data: instanceEdges(instanceIds(image), image).map((e) => e * 255),
  });

async function rowOf(paths: SamplePaths, options: DatasetOptions, { palette }: Classes): Promise<Tile[]> {
  const label = await readImage(paths.label, options);
  const first = options.labelNc ? colourLabels(labelIds(label, options), palette) : toRgb(label);
  const instance = paths.instance ? await readImage(paths.instance, options) : undefined;
  const photo = paths.image ? await readImage(paths.image, options) : undefined;
  return [
    tileOf(label, first),
    ...(instance ? [tileOf(instance, edgesOf(instance))] : []),
    ...(photo ? [tileOf(photo, toRgb(photo))] : []),
  ];
}

/** A PNG of samples spread over the set: label map in the classes' colours · borders of instances · photo. Those that cannot be read are left out. */
export async function contactSheet(
  samples: readonly SamplePaths[],
  options: DatasetOptions,
  classes: Classes,
): Promise<Uint8Array> {
  const count = Math.min(SAMPLES, samples.length);
  const picked = Array.from({ length: count }, (_, i) => samples[Math.floor((i * samples.length) / count)]!);
  const rows = await Promise.all(picked.map((paths) => rowOf(paths, options, classes).catch(() => [])));
  return encodeSheet(rows.filter((row) => row.length > 0));
}
