// The reference's checkpoint as files of this project.

import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { defaultClasses } from '../data/colours.js';
import { startCursor } from '../data/cursor.js';
import { DataError, UsageError } from '../errors.js';
import { openFile, writeSafetensors } from '../formats/files.js';
import { keepingOpen } from '../formats/keep-open.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import { openStateDict, type StateDict } from '../formats/state-dict.js';
import { partPath } from '../generate/parts.js';
import {
  type GeneratorArchitecture,
  generatorNet,
  inferDiscriminator,
  inferEncoder,
  inferGenerator,
} from '../nets/architecture.js';
import { multiscaleDiscriminator } from '../nets/discriminator.js';
import { conditionChannels, labelChannels } from '../nets/encode-input.js';
import { type EncoderOptions, encoderNet } from '../nets/encoder.js';
import { type Manifest, manifestMetadata, readManifest } from '../nets/manifest.js';
import type { Parameter } from '../nets/parameters.js';
import type { CheckpointFile, TrainState } from '../train/checkpoint.js';
import { writeCheckpoint } from '../train/checkpoint-folder.js';
import { decideEncoding, type GivenMeaning } from './encoding.js';
import { type CheckpointPaths, findCheckpoint, type NetName } from './find.js';
import { takeMoments } from './import-adam.js';
import { netTensors } from './net-tensors.js';
import { readReferenceOptions } from './reference-options.js';
import { readStyles } from './styles.js';

export interface ImportJob {
  /** A folder of the reference, or a generator's file. */
  from: string;
  /** `latest` or a number. */
  whichEpoch: string;
  /** A file `….safetensors` for the generator, with the others beside it, or a folder for all. */
  out: string;
  meaning: GivenMeaning;
}

/** Tells people something. */
type Say = (text: string) => void;

/** A net of the checkpoint in its open file. */
interface Opened {
  name: NetName;
  file: StateDict;
  parameters: readonly Parameter[];
  tensors: TensorToWrite[];
}

const some = (names: readonly string[]): string => names.slice(0, 2).join(', ') + (names.length > 2 ? ', …' : '');

function describe({ name, file, parameters }: Opened, about: string, ignored: string[], added: string[]): string {
  const values = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const counts = `${parameters.length} tensors, ${values.toLocaleString('en')} values`;
  const unused = ignored.length > 0 ? `; not taken: ${ignored.length} statistics without use (${some(ignored)})` : '';
  const zeros = added.length > 0 ? `; not in the file, now 0: ${added.length} counts of batches (${some(added)})` : '';
  return `${name}: ${counts} of ${basename(file.file)}, ${about}${unused}${zeros}`;
}

/** Takes a net out of its file, which stays open until the tensors are written. */
function take(name: NetName, file: StateDict, parameters: readonly Parameter[], about: string, say: Say): Opened {
  const { tensors, ignored, added } = netTensors(file, parameters);
  const opened = { name, file, parameters, tensors };
  say(describe(opened, about, ignored, added));
  return opened;
}

function generatorText({ netG, ngf, nDownsample, nBlocks, nLocalEnhancers, norm }: GeneratorArchitecture): string {
  const local = nLocalEnhancers > 0 ? `, local enhancers: ${nLocalEnhancers}` : '';
  return `${netG} generator, ngf ${ngf}, halvings: ${nDownsample}, blocks: ${nBlocks}${local}, ${norm} norm`;
}

function encoderText({ nef, nDownsampleE, featNum }: EncoderOptions): string {
  return `encoder, nef ${nef}, halvings: ${nDownsampleE}, style channels: ${featNum}`;
}

/** The opened nets, and what stands in the generator's metadata. */
interface Taken {
  nets: Opened[];
  manifest: Manifest;
}

type Open = (path: string) => StateDict;

function takeNets({ G, D, E, options, clusters }: CheckpointPaths, meaning: GivenMeaning, open: Open, say: Say): Taken {
  const file = open(G);
  const generator = inferGenerator(file.shapes, G);
  const nets = [take('G', file, generatorNet(generator).parameters, generatorText(generator), say)];
  const encoderFile = E === undefined ? undefined : open(E);
  const encoder = encoderFile && inferEncoder(encoderFile.shapes, E!);
  const channels = { generator: generator.inputNc, encoder: encoder?.featNum };
  const { encoding, says } = decideEncoding(meaning, options ? readReferenceOptions(options) : undefined, channels, G);
  say(`Input: ${generator.inputNc} channels: ${says}`);
  if (encoder) nets.push(take('E', encoderFile!, encoderNet(encoder).parameters, encoderText(encoder), say));
  if (D !== undefined) nets.push(takeDiscriminator(open(D), conditionChannels(encoding) + generator.outputNc, say));
  const { names, palette } = defaultClasses(labelChannels(encoding));
  const manifest: Manifest = {
    format: 1,
    generator,
    encoding,
    ...(encoder ? { encoder } : {}),
    ...stylesOf(clusters, encoding.features?.count, say),
    classes: { names, palette: palette.map(([r, g, b]) => [r, g, b]) },
    step: 0,
  };
  readManifest(new Map(Object.entries(manifestMetadata(manifest))), G); // what cannot be read back is refused now
  return { nets, manifest };
}

function takeDiscriminator(file: StateDict, wanted: number, say: Say): Opened {
  const discriminator = inferDiscriminator(file.shapes, file.file);
  const { inputNc, ndf, numD, nLayers } = discriminator;
  if (inputNc !== wanted) {
    const fix = 'Move it away where it belongs to another training, else correct the options';
    throw new DataError(`sees ${inputNc} channels, with this generator they are ${wanted}`, { file: file.file, fix });
  }
  const about = `discriminators: ${numD}, ndf ${ndf}, layers: ${nLayers}`;
  return take('D', file, multiscaleDiscriminator(discriminator).parameters, about, say);
}

function stylesOf(path: string | undefined, count: number | undefined, say: Say): Pick<Manifest, 'styles'> {
  if (path === undefined) return {};
  if (count === undefined) {
    say(`${basename(path)} is not taken: the generator has no style channels`);
    return {};
  }
  const styles = readStyles(path, count);
  say(
    `Styles: ${styles.flat().length} of ${styles.filter(({ length }) => length > 0).length} classes of ${basename(path)}`,
  );
  return { styles };
}

// ---- writing ----

function filesOf({ nets, manifest }: Taken, moments: TensorToWrite[], state: TrainState): CheckpointFile[] {
  const described = manifestMetadata(manifest);
  const progress = { state: JSON.stringify(state) };
  return [
    ...nets.map(({ name, tensors }) => ({
      name: `${name}.safetensors`,
      tensors,
      metadata: name === 'D' ? progress : described,
    })),
    ...(moments.length > 0 ? [{ name: 'optimizer.safetensors', tensors: moments, metadata: progress }] : []),
  ];
}

function checkFree(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UsageError('holds something already', { file: folder, fix: 'Give --out a new folder' });
}

async function write(out: string, files: CheckpointFile[], state: TrainState): Promise<string[]> {
  if (!out.endsWith('.safetensors')) {
    await writeCheckpoint(out, { files, state }, { keep: true });
    return [out];
  }
  const paths = files.map(({ name }) => partPath(out, name));
  for (const [i, { tensors, metadata }] of files.entries()) await writeSafetensors(paths[i]!, tensors, metadata);
  return paths;
}

/**
 * Imports a checkpoint of the reference, one tensor at a time. Every tensor is taken or said to be without use, or the file is
 * refused. @returns the paths written. @throws MissingFileError, DataError, UsageError, IOError
 */
export async function importCheckpoint({ from, whichEpoch, out, meaning }: ImportJob, say: Say): Promise<string[]> {
  if (!out.endsWith('.safetensors')) checkFree(out);
  const paths = findCheckpoint(from, whichEpoch);
  return keepingOpen(async (keep) => {
    const taken = takeNets(paths, meaning, (path) => keep(openStateDict(path)), say);
    const moments = (path: string | undefined, ...names: NetName[]) => {
      const nets = taken.nets.filter(({ name }) => names.includes(name));
      return path && nets.length > 0 ? takeMoments(keep(openFile(path)), nets, say) : { tensors: [], step: 0 };
    };
    const [G, D] = [moments(paths.optimizers.G, 'G', 'E'), moments(paths.optimizers.D, 'D')];
    const state: TrainState = { step: 0, cursor: startCursor(1), adam: { G: G.step, D: D.step }, fixed: false };
    return write(out, filesOf(taken, [...G.tensors, ...D.tensors], state), state);
  });
}
