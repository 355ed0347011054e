import { DataError } from '../errors.js';
import type { GeneratorArchitecture } from './architecture.js';
import type { Encoding } from './encode-input.js';
import type { EncoderOptions } from './encoder.js';

/**
 * What a generator's file says about itself, so that the file alone is enough to paint: architecture, what the channels of
 * the input mean, names and colours of the classes, and how many steps it was trained.
 */
export interface Manifest {
  format: 1;
  generator: GeneratorArchitecture;
  encoding: Encoding;
  /** Of the encoder that belongs to it, in a file of its own. */
  encoder?: EncoderOptions;
  /** By class, its style vectors: what `encode` found to be typical. */
  styles?: number[][][];
  classes: { names: string[]; palette: [red: number, green: number, blue: number][] };
  step: number;
}

/** Far above any net, low enough that a false number cannot fill the memory before the tensors are compared. */
const MOST = 65536;
const MOST_HALVINGS = 10;

/** Whether a value is what it should be. A schema library would double what a page loads to read one file. */
type Is = (value: unknown) => boolean;

const whole =
  (least: number, most: number): Is =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const listOf =
  (is: Is, length?: number): Is =>
  (value) =>
    Array.isArray(value) && (length === undefined || value.length === length) && value.every(is);
const oneOf =
  (...values: unknown[]): Is =>
  (value) =>
    values.includes(value);

const count = whole(0, MOST);
const positive = whole(1, MOST);
const halvings = whole(0, MOST_HALVINGS);
const norm = oneOf('instance', 'batch');

/** What is known of a field by its path; those that end in `?` may be missing, and what is below them then. */
const FIELDS: Record<string, Is> = {
  format: oneOf(1),
  generator: isRecord,
  'generator.netG': oneOf('global', 'local'),
  'generator.inputNc': positive,
  'generator.outputNc': positive,
  'generator.ngf': positive,
  'generator.nDownsample': halvings,
  'generator.nBlocks': count,
  'generator.nLocalEnhancers': halvings,
  'generator.nBlocksLocal': count,
  'generator.norm': norm,
  'generator.upsample?': oneOf('transposed', 'nearest'),
  'generator.padding?': oneOf('zeros', 'reflect'),
  encoding: isRecord,
  'encoding.labelNc': count,
  'encoding.inputNc': positive,
  'encoding.noInstance': oneOf(true, false),
  'encoding.dontCare?': count,
  'encoding.features?': isRecord,
  'encoding.features?.count': positive,
  'encoding.features?.by': oneOf('instance', 'label'),
  'encoder?': isRecord,
  'encoder?.outputNc': positive,
  'encoder?.featNum': positive,
  'encoder?.nef': positive,
  'encoder?.nDownsampleE': halvings,
  'encoder?.norm': norm,
  'styles?': listOf(listOf(listOf(Number.isFinite))),
  classes: isRecord,
  'classes.names': listOf((name) => typeof name === 'string'),
  'classes.palette': listOf(listOf(whole(0, 255), 3)),
  step: whole(0, Number.MAX_SAFE_INTEGER),
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, or that it may be missing. */
function valueAt(root: unknown, path: string): { value: unknown; missing: boolean } {
  let value = root;
  for (const part of path.split('.')) {
    value = isRecord(value) ? value[part.replace('?', '')] : undefined;
    if (value === undefined) return { value, missing: part.endsWith('?') };
  }
  return { value, missing: false };
}

function parse(text: string): Manifest {
  const manifest: unknown = JSON.parse(text);
  for (const [path, is] of Object.entries(FIELDS)) {
    const { value, missing } = valueAt(manifest, path);
    if (!missing && !is(value)) throw new Error(`${path.replaceAll('?', '')} is ${JSON.stringify(value) ?? 'missing'}`);
  }
  return manifest as Manifest;
}

/** Key of the manifest, as JSON, in the metadata of a safetensors file. */
const KEY = 'pix2pixhd';

export const manifestMetadata = (manifest: Manifest): Record<string, string> => ({ [KEY]: JSON.stringify(manifest) });

/** @throws DataError where the file has none or it is not understood */
export function readManifest(metadata: ReadonlyMap<string, string>, file: string): Manifest {
  const text = metadata.get(KEY);
  const fix = 'Give a generator that `pix2pixhd train` or `pix2pixhd import` has written';
  if (text === undefined) throw new DataError('says nothing about its architecture and classes', { file, fix });
  try {
    return parse(text);
  } catch (cause) {
    throw new DataError(`its manifest is not understood: ${(cause as Error).message}`, { file, fix, cause });
  }
}
