// A checkpoint of this project for other programs.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Size } from '../data/resample.js';
import { DataError, UsageError } from '../errors.js';
import { writeFileAtomic, writeFolderAtomically } from '../formats/atomic.js';
import { toFloat16 } from '../formats/dtype.js';
import { withFile, writePth, writeSafetensors } from '../formats/files.js';
import { type Keep, keepingOpen } from '../formats/keep-open.js';
import { stateDictOf, type TorchValue } from '../formats/pth-write.js';
import { dataOf, encodeSafetensors, type TensorToWrite } from '../formats/safetensors.js';
import { openStateDict, type StateDict, withoutPrefix, withPrefix } from '../formats/state-dict.js';
import { exportOnnx } from '../generate/export-onnx.js';
import { findCheckpointFile, findGenerator } from '../generate/find.js';
import { findPart } from '../generate/parts.js';
import { ENCODER_PREFIX } from '../generate/parts-of-file.js';
import { generatorNet, inferDiscriminator, requireTensors } from '../nets/architecture.js';
import { type DiscriminatorOptions, multiscaleDiscriminator } from '../nets/discriminator.js';
import { encoderNet } from '../nets/encoder.js';
import { type Manifest, readManifest } from '../nets/manifest.js';
import type { Parameter } from '../nets/parameters.js';
import { readRunConfig, runOf } from '../train/run-folder.js';
import { type AdamFile, adamOf, openAdam } from './export-adam.js';
import type { NetName } from './find.js';
import { optionsOf } from './reference-names.js';
import { referenceOptionsText } from './reference-options.js';
import { stylesFile } from './styles.js';

export interface ExportJob {
  /** A run's folder, one of its checkpoints, or a generator's file. */
  from: string;
  format: 'pth' | 'safetensors' | 'onnx';
  dtype: 'f32' | 'f16';
  /** Of an ONNX model's pictures; none: any. */
  size?: Size;
  out: string;
}

/** A net with its open file. */
export interface ExportedNet {
  name: NetName;
  parameters: readonly Parameter[];
  file: StateDict;
}

interface Source {
  manifest: Manifest;
  /** Of the generator's file. */
  metadata: ReadonlyMap<string, string>;
  nets: ExportedNet[];
  discriminator?: DiscriminatorOptions;
  adam?: AdamFile;
}

/** torch counts batches in int64. */
const torchTensor = ({ file }: ExportedNet, { name, shape, role }: Parameter): TensorToWrite => ({
  name,
  dtype: role === 'count' ? 'I64' : 'F32',
  shape: [...shape],
  data: () => (role === 'count' ? BigInt64Array.from(file.read(name), (n) => BigInt(Math.round(n))) : file.read(name)),
});

/** The reference has neither; its nets would take the tensors and paint something else. */
function checkReference({ generator: { upsample, padding } }: Manifest, file: string): void {
  const odd =
    upsample === 'nearest' ? 'upsampling by repeated pixels' : padding === 'reflect' ? 'mirrored borders' : '';
  if (odd) throw new DataError(`has ${odd}, which the reference has not`, { file, fix: 'Use --format safetensors' });
}

async function writeReference({ manifest, nets, discriminator, adam }: Source, folder: string): Promise<void> {
  for (const net of nets) {
    const tensors = net.parameters.map((parameter) => torchTensor(net, parameter));
    await writePth(join(folder, `latest_net_${net.name}.pth`), stateDictOf(tensors));
  }
  const states: Record<string, TorchValue | undefined> = adam ? adamOf(adam, nets) : {};
  for (const [name, state] of Object.entries(states)) {
    if (state !== undefined) await writePth(join(folder, `latest_optim_${name}.pth`), state);
  }
  if (manifest.styles) await writeFileAtomic(join(folder, 'features_clustered_010.npy'), stylesFile(manifest.styles));
  await writeFileAtomic(join(folder, 'opt.txt'), referenceOptionsText(optionsOf(manifest, discriminator)));
}

/** Opens what belongs to a generator; `keep` closes it in the end. */
async function openSource(path: string, keep: Keep): Promise<Source> {
  const whole = keep(openStateDict(path));
  const G = withoutPrefix(whole, ENCODER_PREFIX);
  const manifest = readManifest(G.metadata, path);
  const nets: ExportedNet[] = [{ name: 'G', parameters: generatorNet(manifest.generator).parameters, file: G }];
  const part = async (name: string) => {
    const found = await findPart(path, `${name}.safetensors`);
    return found === undefined ? undefined : keep(openStateDict(found));
  };
  const E = manifest.encoder && ((await part('E')) ?? withPrefix(whole, ENCODER_PREFIX));
  if (E) nets.push({ name: 'E', parameters: encoderNet(manifest.encoder!).parameters, file: E });
  const D = await part('D');
  const discriminator = D && inferDiscriminator(D.shapes, D.file);
  if (D) nets.push({ name: 'D', parameters: multiscaleDiscriminator(discriminator!).parameters, file: D });
  const optimizer = await part('optimizer');
  for (const { parameters, file } of nets) requireTensors(parameters, file.shapes, file.file);
  const run = runOf(path);
  const config = run === undefined ? {} : await readRunConfig(run);
  return { manifest, metadata: G.metadata, nets, discriminator, adam: optimizer && openAdam(optimizer, config) };
}

async function exportPth(path: string, { out }: ExportJob): Promise<string[]> {
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new UsageError('holds something already', { file: out, fix: 'Give --out a new folder' });
  await keepingOpen(async (keep) => {
    const source = await openSource(path, keep);
    checkReference(source.manifest, path);
    await writeFolderAtomically(out, (folder) => writeReference(source, folder));
  });
  return readdirSync(out).map((name) => join(out, name));
}

/** Tensors of a net, each read when it is written. */
const tensorsToWrite = (
  { parameters, file }: Pick<ExportedNet, 'parameters' | 'file'>,
  dtype: ExportJob['dtype'],
  prefix = '',
) =>
  parameters.map(({ name, shape }): TensorToWrite => {
    const head = { name: prefix + name, shape: [...shape] };
    if (dtype === 'f32') return { ...head, dtype: 'F32', data: () => file.read(name) };
    return { ...head, dtype: 'F16', data: () => toFloat16(file.read(name), name) };
  });

/** A generator, and its encoder where there is one: all that a page needs. */
function paintingTensors({ nets }: Source, dtype: ExportJob['dtype']): TensorToWrite[] {
  return nets.flatMap((net) => {
    if (net.name === 'D') return [];
    return tensorsToWrite(net, dtype, net.name === 'E' ? ENCODER_PREFIX : '');
  });
}

const exportSafetensors = (path: string, { out, dtype }: ExportJob): Promise<string[]> =>
  keepingOpen(async (keep) => {
    const source = await openSource(path, keep);
    await writeSafetensors(out, paintingTensors(source, dtype), Object.fromEntries(source.metadata));
    return [out];
  });

/** The same in memory, from a generator's file. @throws DataError, IOError */
export const exportBytes = (path: string, dtype: ExportJob['dtype'] = 'f16'): Promise<Uint8Array> =>
  keepingOpen(async (keep) => {
    const source = await openSource(path, keep);
    const tensors = [];
    for (const tensor of paintingTensors(source, dtype)) tensors.push({ ...tensor, data: await dataOf(tensor) });
    return encodeSafetensors(tensors, Object.fromEntries(source.metadata));
  });

async function exportModel(path: string, { out, size }: ExportJob): Promise<string[]> {
  await withFile(path, (file) => exportOnnx(file, out, { size }));
  return [out];
}

const FORMATS: Record<ExportJob['format'], (path: string, job: ExportJob) => Promise<string[]>> = {
  pth: exportPth,
  safetensors: exportSafetensors,
  onnx: exportModel,
};

/**
 * Exports a checkpoint, one tensor at a time; `say` is told of damaged ones that were passed over. @returns the paths written. @throws MissingFileError, DataError, UsageError,
 * IOError
 */
export async function exportCheckpoint(job: ExportJob, say: (text: string) => void): Promise<string[]> {
  if (job.format !== 'safetensors' && job.dtype !== 'f32')
    throw new UsageError(`--dtype f16 is for safetensors; ${job.format} is written in f32`);
  // Adam's states belong to the last step's weights; what paints may be averaged ones.
  const path = await (job.format === 'pth'
    ? findCheckpointFile(job.from, 'G.safetensors', say)
    : findGenerator(job.from, say));
  return FORMATS[job.format](path, job);
}
