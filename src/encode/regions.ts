// Every region of a data set with its style, as an encoder sees it.

import { join } from 'node:path';
import * as v from 'valibot';
import { dataFolders, findSamples } from '../data/folders.js';
import { readImage } from '../data/load.js';
import type { SamplePaths } from '../data/pairing.js';
import { regionClasses } from '../data/region-classes.js';
import { prepareSample, type SampleOptions } from '../data/sample.js';
import { RESIZE_OR_CROP } from '../data/transform.js';
import { toPlanes } from '../data/values.js';
import { DataError } from '../errors.js';
import type { Encoder } from '../generate/encoder.js';
import { styledMap } from '../generate/styles.js';
import { type Scaling, wholePictures } from '../generate/whole.js';
import type { Manifest } from '../nets/manifest.js';
import { readRunConfig, runOf } from '../train/run-folder.js';
import { type RegionStyle, ratioOf } from './cluster.js';

const schema = v.object({
  resizeOrCrop: v.picklist(RESIZE_OR_CROP),
  loadSize: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/**
 * How the run scaled its pictures that a checkpoint's file belongs to; undefined for a file that lies in no run.
 * @throws DataError for a config.json that is damaged
 */
export async function scalingOfRun(checkpointFile: string): Promise<Scaling | undefined> {
  const run = runOf(checkpointFile);
  if (run === undefined) return undefined;
  const fix = 'Give --scale WIDTH';
  const config = await readRunConfig(run, fix);
  const { success, output, issues } = v.safeParse(schema, config);
  if (success) return output;
  const problem = `does not say how pictures are scaled: ${issues[0].message}`;
  throw new DataError(problem, { file: join(run, 'config.json'), fix });
}

/** Pictures with photo, and with instance maps where those tell regions apart. */
function samplesOf(root: string, phase: string, { encoding }: Manifest): Promise<SamplePaths[]> {
  const { labelNc, noInstance, features } = encoding;
  const byLabel = noInstance || features?.by === 'label';
  return findSamples(dataFolders(root, phase, { labelNc, noInstance: byLabel, images: true, loadFeatures: false }));
}

/** A picture that is encoded; `number` of `total`. */
export interface EncodedPicture {
  number: number;
  total: number;
  name: string;
  regions: RegionStyle[];
}

async function encodePicture(encoder: Encoder, paths: SamplePaths, options: SampleOptions): Promise<RegionStyle[]> {
  const { size, pictures } = await prepareSample(paths, options, readImage);
  const ids = styledMap(encoder.manifest.encoding, pictures);
  if (!ids) throw new DataError('has no labels, by which this net tells styles apart', { file: paths.label });
  const encoded = await encoder.encode({ size, image: toPlanes(pictures.image!, options.outputNc), ids });
  const classes = regionClasses(encoded, pictures.labels);
  return encoded.vectors.map((vector, region) => ({
    class: classes[region]!,
    ratio: ratioOf(encoded.counts[region]!, ids.length),
    vector,
  }));
}

/**
 * Encodes the pictures of `<root>/<phase>_*` in the order of their names, whole and unmirrored.
 * @throws MissingFileError, DataError for files that do not fit each other or the net
 */
export async function* encodeRegions(
  encoder: Encoder,
  { root, phase, scaling }: { root: string; phase: string; scaling: Scaling },
): AsyncGenerator<EncodedPicture> {
  const samples = await samplesOf(root, phase, encoder.manifest);
  const options = wholePictures(encoder.manifest, scaling);
  for (const [i, paths] of samples.entries()) {
    const regions = await encodePicture(encoder, paths, options);
    yield { number: i + 1, total: samples.length, name: paths.name, regions };
  }
}
