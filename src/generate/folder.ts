// Pictures for a folder of label maps, or for a single one.

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toBytes } from '../data/encode.js';
import { findSamples, type SamplePaths } from '../data/folders.js';
import { encodePng } from '../data/png.js';
import type { Size } from '../data/resample.js';
import { type PreparedSample, prepareSample } from '../data/sample.js';
import { toPlanes } from '../data/values.js';
import { DataError, fileError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import { encodeNpy } from '../formats/npy.js';
import type { Manifest } from '../nets/manifest.js';
import type { Encoder } from './encoder.js';
import type { GenerateInput, Generator, Picture } from './generator.js';
import { type Styles, styledMap } from './styles.js';
import { AS_THEY_ARE, toWidth, wholePictures } from './whole.js';

export interface FolderJob {
  /** A label map (or RGB input), or a folder of them. */
  labels: string;
  /** Instance maps of the same names. */
  instances?: string;
  out: string;
  format: 'png' | 'npy';
  /** Width that the maps are scaled to first. */
  scale?: number;
  /** Paints no more than so many. */
  howMany?: number;
  /** Paints every map at half its sides first, into a `.preview` beside the picture: there after about a quarter of the time. */
  preview?: boolean;
  /** Called when a preview is written. */
  onPreview?(path: string): void;
  /** Called as picture `number` of `total` gets on, first with 0. */
  onProgress?(number: number, total: number, share: number): void;
  /** Paints a picture of that size: may refuse to, and explain what goes wrong. */
  within?(size: Size, paint: () => Promise<Picture>): Promise<Picture>;
  /** Of all pictures, where the net was trained with any. */
  styles?: Styles;
  /** Instead of those: the styles of photos of the same names, a region at a time. */
  encoded?: { images: string; encoder: Encoder };
}

/** A picture that is written; `number` of `total`. */
export interface Done {
  number: number;
  total: number;
  name: string;
  path: string;
  width: number;
  height: number;
}

/** Interleaved samples, of as many channels as they have, as planes. */
const planesOf = (samples: Uint8Array, { width, height }: Size): Float32Array =>
  toPlanes(samples, samples.length / (width * height));

/** The job's, or those of the sample's photo. */
async function stylesOf(
  { paths, size, pictures }: PreparedSample,
  { styles, encoded }: FolderJob,
): Promise<Styles | undefined> {
  if (!encoded) return styles;
  const { encoder } = encoded;
  const ids = styledMap(encoder.manifest.encoding, pictures);
  if (!ids) throw new DataError('tells no regions apart, whose styles could be taken over', { file: paths.label });
  const { ids: regions, vectors } = await encoder.encode({ size, image: planesOf(pictures.image!, size), ids });
  return { regions: Object.fromEntries(regions.map((id, region) => [id, vectors[region]!])) };
}

async function inputOf(sample: PreparedSample, job: FolderJob): Promise<GenerateInput> {
  const { labels, instances, input } = sample.pictures;
  const styles = await stylesOf(sample, job);
  return { size: sample.size, labels, instances, input: input && planesOf(input, sample.size), styles };
}

const ENCODE: Record<FolderJob['format'], (picture: Picture) => Uint8Array> = {
  png: ({ width, height, channels, data }) => encodePng({ width, height, channels, data: toBytes(data, { channels }) }),
  npy: ({ width, height, channels, data }) => encodeNpy(data, [channels, height, width]),
};

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw fileError(error, dirname(path));
  });
  await writeFileAtomic(path, bytes);
}

/** Paired by name; instance maps only where the net takes any or tells styles apart by them. */
function samplesOf(
  { labels, instances, encoded }: Omit<FolderJob, 'out' | 'format'>,
  { encoding }: Manifest,
): Promise<SamplePaths[]> {
  const used = !encoding.noInstance || encoding.features?.by === 'instance';
  return findSamples({
    label: labels,
    ...(used && instances ? { instance: instances } : {}),
    ...(encoded ? { image: encoded.images } : {}),
  });
}

/** The largest size that a job's pictures have. @throws DataError for maps that do not fit the net */
export async function largestPicture(manifest: Manifest, job: Omit<FolderJob, 'out' | 'format'>): Promise<Size> {
  const options = wholePictures(manifest, job.scale === undefined ? AS_THEY_ARE : toWidth(job.scale));
  let largest = { width: 0, height: 0 };
  for (const paths of (await samplesOf(job, manifest)).slice(0, job.howMany)) {
    const { size } = await prepareSample(paths, options);
    if (size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

/** A picture of half the sides. The files are read again, since shrinking maps and photos is theirs. */
async function paintPreview(generator: Generator, paths: SamplePaths, size: Size, job: FolderJob): Promise<void> {
  const half = wholePictures(generator.manifest, toWidth(Math.ceil(size.width / 2)));
  const picture = await generator.generate(await inputOf(await prepareSample(paths, half), job));
  const path = join(job.out, `${paths.name}.preview.${job.format}`);
  await write(path, ENCODE[job.format](picture));
  job.onPreview?.(path);
}

/**
 * Paints every label map of a folder, or a single one, into `out` under its own name; the next map is read while one is
 * painted. @throws MissingFileError, DataError for maps that do not fit the net, IOError
 */
export async function* generateFolder(generator: Generator, job: FolderJob): AsyncGenerator<Done> {
  const samples = (await samplesOf(job, generator.manifest)).slice(0, job.howMany);
  const options = wholePictures(generator.manifest, job.scale === undefined ? AS_THEY_ARE : toWidth(job.scale));
  const total = samples.length;
  const prepare = (i: number) => (i < total ? prepareSample(samples[i]!, options) : undefined);
  let next = prepare(0);
  for (const [i, paths] of samples.entries()) {
    const sample = await next!;
    next = prepare(i + 1);
    next?.catch(() => {}); // it is thrown where it is awaited
    const input = await inputOf(sample, job);
    const onProgress = (share: number) => job.onProgress?.(i + 1, total, share);
    onProgress(0);
    const paint = async () => {
      if (job.preview) await paintPreview(generator, paths, sample.size, job);
      return generator.generate(input, { onProgress });
    };
    const picture = await (job.within?.(sample.size, paint) ?? paint());
    const path = join(job.out, `${paths.name}.${job.format}`);
    await write(path, ENCODE[job.format](picture));
    yield { number: i + 1, total, name: paths.name, path, width: picture.width, height: picture.height };
  }
}
