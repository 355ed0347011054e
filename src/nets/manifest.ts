import * as v from 'valibot';
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
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST));
const halvings = v.pipe(count, v.maxValue(MOST_HALVINGS));
const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

const norm = v.picklist(['instance', 'batch']);

const schema: v.GenericSchema<unknown, Manifest> = v.object({
  format: v.literal(1),
  generator: v.object({
    netG: v.picklist(['global', 'local']),
    inputNc: positive,
    outputNc: positive,
    ngf: positive,
    nDownsample: halvings,
    nBlocks: count,
    nLocalEnhancers: halvings,
    nBlocksLocal: count,
    norm,
    upsample: v.optional(v.picklist(['transposed', 'nearest'])),
    padding: v.optional(v.picklist(['zeros', 'reflect'])),
  }),
  encoding: v.object({
    labelNc: count,
    inputNc: positive,
    noInstance: v.boolean(),
    dontCare: v.optional(count),
    features: v.optional(v.object({ count: positive, by: v.picklist(['instance', 'label']) })),
  }),
  encoder: v.optional(v.object({ outputNc: positive, featNum: positive, nef: positive, nDownsampleE: halvings, norm })),
  styles: v.optional(v.array(v.array(v.array(v.number())))),
  classes: v.object({ names: v.array(v.string()), palette: v.array(v.tuple([byte, byte, byte])) }),
  step: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** Key of the manifest, as JSON, in the metadata of a safetensors file. */
const KEY = 'pix2pixhd';

export const manifestMetadata = (manifest: Manifest): Record<string, string> => ({ [KEY]: JSON.stringify(manifest) });

/** @throws DataError where the file has none or it is not understood */
export function readManifest(metadata: ReadonlyMap<string, string>, file: string): Manifest {
  const text = metadata.get(KEY);
  const fix = 'Give a generator that `pix2pixhd train` or `pix2pixhd import` has written';
  if (text === undefined) throw new DataError('says nothing about its architecture and classes', { file, fix });
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new DataError(`its manifest is not understood: ${(cause as Error).message}`, { file, fix, cause });
  }
}
