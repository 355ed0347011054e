// A run's folder in the browser's own files, with the files of one on a disk: either side goes on with what the other left.

import { openSafetensors, readTensor, type Safetensors, safetensorsParts } from '../../src/formats/safetensors.js';
import { sha256 } from '../../src/formats/sha256.js';
import { bytesSource } from '../../src/formats/source.js';
import type { Checkpoint, Start, Stored } from '../../src/train/checkpoint.js';
import {
  type CheckpointManifest,
  MANIFEST,
  manifestText,
  parseManifest,
  stepsOf,
} from '../../src/train/checkpoint-manifest.js';
import { linesTo } from '../../src/train/log-lines.js';
import { pooledFakes } from '../../src/train/pool-file.js';
import type { RunConfig } from '../../src/train/run-config.js';
import type { RunOutput } from '../../src/train/run-folder.js';
import type { From } from '../../src/train/train.js';
import type { KeptRun, News } from '../messages.js';
import { collected, type Folder } from './folder.js';

const CONFIG = 'config.json';
const LOG = 'log.jsonl';
const NEWEST = 2;

const textOf = async (folder: Folder, path: string): Promise<string> =>
  new TextDecoder().decode(await folder.read(path));

const checkpointAt = (step: number): string => `checkpoints/step-${step}`;
const sheetAt = (step: number): string => `samples/step-${step}.png`;

const checkpointSteps = async (folder: Folder): Promise<number[]> => stepsOf(await folder.list('checkpoints'));

export const writeConfig = (folder: Folder, config: RunConfig): Promise<void> =>
  folder.write(CONFIG, `${JSON.stringify(config, null, 2)}\n`);

/** A run as it lies there; undefined where its config is not whole. */
export async function keptRun(name: string, folder: Folder): Promise<KeptRun | undefined> {
  const bytes = await folder.read(CONFIG);
  if (!bytes) return undefined;
  try {
    const sheets = (await folder.list('samples')).map((sheet) => sheet.replace(/\.png$/, ''));
    return {
      name,
      config: JSON.parse(new TextDecoder().decode(bytes)),
      log: await textOf(folder, LOG),
      samples: stepsOf(sheets).reverse(),
      checkpoints: (await checkpointSteps(folder)).reverse(),
    };
  } catch {
    return undefined; // half a file, of a tab that was closed
  }
}

export const readSheet = (folder: Folder, step: number) => folder.read(sheetAt(step));

async function readManifest(folder: Folder, step: number): Promise<CheckpointManifest> {
  const path = `${checkpointAt(step)}/${MANIFEST}`;
  return parseManifest(await textOf(folder, path), path);
}

/** Files of a checkpoint by their names without `.safetensors`; undefined unless every bit is as it was saved. */
async function wholeFiles(folder: Folder, step: number, { files }: CheckpointManifest) {
  const open = new Map<string, Safetensors>();
  for (const [name, saved] of Object.entries(files)) {
    const path = `${checkpointAt(step)}/${name}`;
    const bytes = await folder.read(path);
    if (!bytes || (await sha256(bytes)) !== saved.sha256) return undefined;
    open.set(name.replace(/\.safetensors$/, ''), openSafetensors(bytesSource(bytes, path)));
  }
  return open;
}

const storedIn =
  (file: Safetensors): Stored =>
  (name) =>
    file.tensors.has(name) ? () => readTensor(file, name).data as Float32Array : undefined;

/** Where a training starts with the files of a checkpoint. */
function startOf(files: ReadonlyMap<string, Safetensors>, { state }: CheckpointManifest): Start {
  const nets = (['G', 'D', 'E'] as const).flatMap((name) => {
    const file = files.get(name);
    return file ? [[name, storedIn(file)] as const] : [];
  });
  const [averages, optimizer, pool] = ['G-ema', 'optimizer', 'pool'].map((name) => files.get(name));
  return {
    nets: Object.fromEntries(nets),
    ...(averages ? { averages: storedIn(averages) } : {}),
    ...(optimizer ? { optimizer: storedIn(optimizer) } : {}),
    ...(pool ? { pool: pooledFakes(pool.tensors.keys(), (name) => readTensor(pool, name)) } : {}),
    adam: state.adam,
    fixed: state.fixed,
    kernels: state.kernels,
  };
}

/** The newest checkpoint that is whole: one that was being written when the tab closed is passed over. */
export async function newestStart(folder: Folder): Promise<Pick<From, 'start' | 'progress'>> {
  for (const step of await checkpointSteps(folder)) {
    const manifest = await readManifest(folder, step).catch(() => undefined);
    const files = manifest && (await wholeFiles(folder, step, manifest));
    if (!files) continue;
    const { cursor } = manifest.state;
    return { start: startOf(files, manifest), progress: { step, cursor } };
  }
  return {};
}

/** The manifest comes last: without it there is no checkpoint. */
async function writeCheckpoint(folder: Folder, { files, state }: Checkpoint, keep: boolean): Promise<void> {
  const path = checkpointAt(state.step);
  await folder.remove(path);
  const written: CheckpointManifest['files'] = {};
  for (const { name, tensors, metadata } of files) {
    const parts = await collected(safetensorsParts(tensors, metadata));
    const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    await folder.write(`${path}/${name}`, bytes);
    written[name] = { bytes: bytes.length, sha256: await sha256(bytes) };
  }
  await folder.write(`${path}/${MANIFEST}`, await manifestText({ format: 1, state, keep, files: written }));
}

/** The newest stay, and those that say so of themselves. */
async function prune(folder: Folder): Promise<void> {
  for (const step of (await checkpointSteps(folder)).slice(NEWEST)) {
    const { keep } = await readManifest(folder, step).catch(() => ({ keep: false }));
    if (!keep) await folder.remove(checkpointAt(step));
  }
}

/** Opens a run's folder to go on after `step`; `tell` hears of all that comes to it. */
export async function openRun(
  name: string,
  folder: Folder,
  step: number,
  tell: (news: News) => void,
): Promise<RunOutput> {
  await folder.write(LOG, linesTo(await textOf(folder, LOG), step));
  const run = (await keptRun(name, folder))!;
  tell({ run: name, begins: run });
  return {
    // The browser's own lock is held by whoever opens the folder, and ends with its tab.
    lock: { lost: new AbortController().signal },
    async log(record) {
      const line = JSON.stringify(record);
      await folder.append(LOG, `${line}\n`);
      tell({ run: name, line });
    },
    async saveSample(step, png) {
      await folder.write(sheetAt(step), png);
      tell({ run: name, pictures: step });
      return sheetAt(step);
    },
    async saveCheckpoint(checkpoint, keep) {
      await writeCheckpoint(folder, checkpoint, keep);
      await prune(folder);
      tell({ run: name, checkpoints: (await checkpointSteps(folder)).reverse() });
      return checkpointAt(checkpoint.state.step);
    },
  };
}
