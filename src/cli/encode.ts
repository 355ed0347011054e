// pix2pixhd encode: finds the styles that are typical of every class and puts them into the checkpoint.

import { openDevice } from '../device/node.js';
import { type RegionStyle, typicalStyles } from '../encode/cluster.js';
import { readFeatures } from '../encode/features-file.js';
import { encodeRegions, scalingOfRun } from '../encode/regions.js';
import { storeStyles } from '../encode/store.js';
import { DataError, UsageError } from '../errors.js';
import { withFile } from '../formats/files.js';
import { openSafetensors } from '../formats/safetensors.js';
import { findGenerator } from '../generate/find.js';
import { AS_THEY_ARE, type Scaling, toWidth } from '../generate/whole.js';
import { type Manifest, readManifest } from '../nets/manifest.js';
import type { OptionValues } from '../options/table.js';
import { commandOf, self } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';
import { openEncoder } from './style-options.js';

const OPTIONS = ['phase', 'scale', 'encoder', 'features', 'n-clusters', 'seed', 'json', 'adapter'] as const;
type Options = OptionValues<(typeof OPTIONS)[number]>;

export const encode = commandOf({
  name: 'encode',
  args: '<RUN> [DATAROOT]',
  help:
    'encode every region of the photos of DATAROOT, cluster what is found by class and store it in the checkpoint of RUN, ' +
    'for `generate --styles` (RUN: as --checkpoint of generate; pictures are scaled as in its training)',
  options: OPTIONS,
  async run(options, run, root) {
    const path = await findGenerator(run!, (message) => console.error(`pix2pixhd: ${message}`));
    const manifest = await styledManifest(path);
    const found = await findStyles(options, path, manifest, root);
    await storeStyles(path, found.styles);
    console.log(options.json ? JSON.stringify(report(found, path, manifest)) : reportText(found, path, manifest));
    if (!options.json) console.error(`Next: ${self()} generate --checkpoint ${run} --labels PATH --out DIR --seed 1`);
  },
});

async function styledManifest(path: string): Promise<Manifest> {
  const manifest = await withFile(path, (file) => readManifest(openSafetensors(file).metadata, path));
  if (manifest.encoding.features) return manifest;
  const fix = 'Train with --instance-feat or --label-feat';
  throw new DataError('was trained without styles', { file: path, fix });
}

/** Centres by class, and the regions they were found in where those are known. */
interface Found {
  styles: number[][][];
  regions?: RegionStyle[];
}

async function findStyles(options: Options, path: string, manifest: Manifest, root?: string): Promise<Found> {
  const { features } = options;
  if ((features === undefined) === (root === undefined)) {
    throw new UsageError('encode takes styles from one place', { fix: 'Give DATAROOT or --features FILE' });
  }
  const { centres, regions = [] } =
    root === undefined
      ? await readFeatures(features!, manifest)
      : { regions: await encodeAll(options, path, manifest, root) };
  return centres ? { styles: centres } : { styles: typicalStyles(regions, manifest, options), regions };
}

const scalingOf = async ({ scale }: Options, path: string): Promise<Scaling> =>
  scale !== undefined ? toWidth(scale) : ((await scalingOfRun(path)) ?? AS_THEY_ARE);

/** Runs the encoder over the whole data set. */
async function encodeAll(options: Options, file: string, manifest: Manifest, root: string): Promise<RegionStyle[]> {
  const scaling = await scalingOf(options, file);
  const device = await openDevice(options);
  try {
    const encoder = await openEncoder(options.encoder, { device, file, manifest });
    const all: RegionStyle[] = [];
    let line: ProgressLine | undefined;
    for await (const { number, total, name, regions } of encodeRegions(encoder, {
      root,
      phase: options.phase,
      scaling,
    })) {
      all.push(...regions);
      if (options.json) console.log(JSON.stringify({ name, regions: regions.length }));
      else (line ??= progressLine(total)).update(number, `${name}  ${regions.length} regions`, true);
    }
    line?.end();
    encoder.close();
    return all;
  } finally {
    device.close();
  }
}

function report({ styles, regions }: Found, path: string, { classes: { names } }: Manifest) {
  const count = (number: number) => regions?.filter((region) => region.class === number).length;
  const row = (centres: number[][], number: number) => ({
    class: names[number] ?? `class ${number}`,
    regions: count(number),
    styles: centres.length,
  });
  return { path, classes: styles.map(row) };
}

function reportText(found: Found, path: string, manifest: Manifest): string {
  const { classes } = report(found, path, manifest);
  const withSome = classes.filter(({ styles }) => styles > 0);
  const listed = withSome.map(
    (row) => `  ${row.class}: ${row.styles}${row.regions ? ` (${row.regions} regions)` : ''}`,
  );
  const names = (rows: typeof classes) => rows.map((row) => row.class).join(', ');
  const without = classes.filter(({ styles }) => styles === 0);
  const small = without.filter(({ regions }) => regions);
  const absent = without.filter(({ regions }) => !regions);
  return [
    `Styles of ${withSome.length} of ${classes.length} classes, stored in ${path}`,
    ...listed,
    ...(small.length > 0 ? [`None, for no region is larger than 1/64 of its picture: ${names(small)}`] : []),
    ...(absent.length > 0 ? [`None, for there is no region: ${names(absent)}`] : []),
    ...(without.length > 0 ? ['Regions of those classes are painted with zeros'] : []),
  ].join('\n');
}
