// What --styles and its companions mean for a generator.

import type { Device } from '../device/device.js';
import { readFeatures } from '../encode/features-file.js';
import { DataError, UsageError } from '../errors.js';
import { openFile } from '../formats/files.js';
import { type Encoder, loadEncoder } from '../generate/encoder.js';
import type { FolderJob } from '../generate/folder.js';
import { findEncoder } from '../generate/parts.js';
import { readStyleFile } from '../generate/style-file.js';
import type { Centres } from '../generate/styles.js';
import type { Manifest } from '../nets/manifest.js';
import type { OptionValues } from '../options/table.js';
import { self } from './command.js';

export const STYLE_OPTIONS = ['styles', 'images', 'use-encoded-image', 'encoder', 'cluster-path', 'seed'] as const;
export type StyleOptions = OptionValues<(typeof STYLE_OPTIONS)[number]>;

export interface StyleContext {
  device: Device;
  /** Of the generator: its file and manifest. */
  file: string;
  manifest: Manifest;
}

type StyleJob = Pick<FolderJob, 'styles' | 'encoded'>;
type Mode = (options: StyleOptions, context: StyleContext) => Promise<StyleJob>;

/**
 * The encoder of `file`, or the one given. @throws MissingFileError where there is none, DataError for one whose styles have
 * another length
 */
export async function openEncoder(
  given: string | undefined,
  { device, file, manifest }: StyleContext,
): Promise<Encoder> {
  const source = openFile(given ?? (await findEncoder(file)));
  try {
    const encoder = await loadEncoder(source, { device });
    checkWidth(encoder, manifest, source.name);
    const close = () => {
      encoder.close();
      source.close();
    };
    return { ...encoder, close };
  } catch (error) {
    source.close();
    throw error;
  }
}

function checkWidth({ manifest: { encoder } }: Encoder, { encoding }: Manifest, file: string): void {
  const wanted = encoding.features!.count;
  if (encoder.featNum === wanted) return;
  throw new DataError(`makes styles of ${encoder.featNum} values, the generator takes ${wanted}`, { file });
}

async function centresOf({ clusterPath }: StyleOptions, { manifest }: StyleContext): Promise<Centres | undefined> {
  if (clusterPath === undefined) return manifest.styles;
  const { centres } = await readFeatures(clusterPath, manifest);
  if (centres) return centres;
  const fix = `Cluster it first: ${self()} encode RUN --features ${clusterPath}`;
  throw new DataError('holds every region, not the centres of classes', { file: clusterPath, fix });
}

const random: Mode = async (options, context) => {
  const centres = await centresOf(options, context);
  if (centres) return { styles: { seed: options.seed, centres } };
  const fix = `Let ${self()} encode RUN DATAROOT find some, or give --cluster-path FILE`;
  throw new DataError('holds no styles to draw from', { file: context.file, fix });
};

const encoded: Mode = async ({ images, encoder }, context) => {
  if (images !== undefined) return { encoded: { images, encoder: await openEncoder(encoder, context) } };
  throw new UsageError('--styles encoded needs photos', { fix: 'Give --images PATH' });
};

const zeros: Mode = async () => ({ styles: {} });

const MODES: Record<string, Mode> = { random, encoded, zeros };

const fromFile: Mode = async (options, context) => ({
  styles: { seed: options.seed, centres: await centresOf(options, context), ...(await readStyleFile(options.styles!)) },
});

const modeOf = ({ styles, useEncodedImage, clusterPath }: StyleOptions, manifest: Manifest): Mode => {
  if (useEncodedImage) return encoded;
  if (styles !== undefined) return Object.hasOwn(MODES, styles) ? MODES[styles]! : fromFile;
  return manifest.styles || clusterPath !== undefined ? random : zeros;
};

/** Options that would do nothing are told rather than passed over. */
function checkOptions({ images, encoder, clusterPath }: StyleOptions, mode: Mode): void {
  const photo = mode === encoded ? undefined : (images ?? encoder);
  if (photo) throw new UsageError('--images and --encoder are of use with --styles encoded alone', { file: photo });
  const centres = mode === random || mode === fromFile ? undefined : clusterPath;
  if (centres)
    throw new UsageError('--cluster-path is of use where styles are drawn or chosen alone', { file: centres });
}

/** @throws UsageError, DataError, MissingFileError for styles that cannot be had */
export async function styleJob(options: StyleOptions, context: StyleContext): Promise<StyleJob> {
  const { styles, images, useEncodedImage, encoder, clusterPath } = options;
  const asked = useEncodedImage || [styles, images, encoder, clusterPath].some((value) => value !== undefined);
  if (!context.manifest.encoding.features) {
    if (!asked) return {};
    const fix = 'Leave them out, or train with --instance-feat or --label-feat';
    throw new UsageError('was trained without styles', { file: context.file, fix });
  }
  const mode = modeOf(options, context.manifest);
  checkOptions(options, mode);
  if (mode === zeros && !asked) {
    console.error(`No styles in the checkpoint, so all are zero: ${self()} encode RUN DATAROOT finds some`);
  }
  return mode(options, context);
}
