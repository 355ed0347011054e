// What a training starts from: files of the reference, of this project, or both mixed.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from '../errors.js';
import { openFile } from '../formats/files.js';
import type { Keep } from '../formats/keep-open.js';
import { openSafetensors, readTensor } from '../formats/safetensors.js';
import { openStateDict, type StateDict } from '../formats/state-dict.js';
import type { Net } from '../nets/parameters.js';
import type { Progress, Start, Stored, TrainState } from '../train/checkpoint.js';
import { checkpointSteps, newestWhole, readCheckpointManifest, verifyCheckpoint } from '../train/checkpoint-folder.js';
import type { Nets } from '../train/nets.js';
import { pooledFakes } from '../train/pool-file.js';
import { type CheckpointPaths, findCheckpoint, type NetName } from './find.js';
import { takeMoments } from './import-adam.js';
import { fittingTensors, netTensors } from './net-tensors.js';

type Say = (text: string) => void;

const NAMES = ['G', 'D', 'E'] as const;

const netNamed = (nets: Nets, name: NetName): Net<unknown> | undefined => nets[name];

const storedIn =
  (tensors: ReadonlyMap<string, () => Float32Array>): Stored =>
  (name) =>
    tensors.get(name);

/** Tensors of an open file. */
const valuesOf =
  (file: StateDict): Stored =>
  (name) =>
    file.shapes.has(name) ? () => file.read(name) : undefined;

/** Calls `take` for every net that the training has and the checkpoint holds. */
function eachNet(
  nets: Nets,
  paths: CheckpointPaths,
  keep: Keep,
  take: (name: NetName, net: Net<unknown>, file: StateDict) => ReadonlyMap<string, () => Float32Array>,
): NonNullable<Start['nets']> {
  const found: NonNullable<Start['nets']> = {};
  for (const name of NAMES) {
    const [net, path] = [netNamed(nets, name), paths[name]];
    if (net && path) found[name] = storedIn(take(name, net, keep(openStateDict(path))));
  }
  return found;
}

/** Moments and counts of this project's own optimizer.safetensors. */
function ownAdam(file: StateDict): Pick<Start, 'optimizer' | 'adam'> {
  const { adam } = JSON.parse(file.metadata.get('state') ?? '{}') as Partial<TrainState>;
  if (!adam) throw new DataError('does not say how many steps Adam has done', { file: file.file });
  return { adam, optimizer: valuesOf(file) };
}

/** Moments and counts of torch's optimisers, where there are some. */
function torchAdams(
  nets: Nets,
  { optimizers }: CheckpointPaths,
  keep: Keep,
  say: Say,
): Pick<Start, 'optimizer' | 'adam'> {
  const moments = (path: string | undefined, ...names: NetName[]) => {
    const optimised = names.flatMap((name) => {
      const net = netNamed(nets, name);
      return net ? [{ name, parameters: net.parameters }] : [];
    });
    return path ? takeMoments(keep(openFile(path)), optimised, say) : { tensors: [], step: 0 };
  };
  const [G, D] = [moments(optimizers.G, 'G', 'E'), moments(optimizers.D, 'D')];
  const all = [...G.tensors, ...D.tensors].map(({ name, data }) => [name, data as () => Float32Array] as const);
  return { adam: { G: G.step, D: D.step }, optimizer: storedIn(new Map(all)) };
}

/**
 * Weights, and where they are there Adam's states, of the checkpoint in a folder. Each net's file has exactly its tensors, or is
 * refused. The files stay open until `keep` closes them: values are read when they go to the device.
 * @throws MissingFileError, DataError naming file and tensors
 */
export function startFrom(folder: string, epoch: string, nets: Nets, keep: Keep, say: Say): Start {
  const paths = findCheckpoint(folder, epoch);
  const start: Start = {
    nets: eachNet(nets, paths, keep, (name, net, file) => {
      const { tensors } = netTensors(file, net.parameters);
      say(`${name}: ${tensors.length} tensors of ${file.file}`);
      return new Map(tensors.map((tensor) => [tensor.name, tensor.data as () => Float32Array]));
    }),
  };
  const [own, average] = ['optimizer', 'G-ema'].map((name) => join(dirname(paths.G), `${name}.safetensors`));
  const averages = existsSync(average!) ? { averages: valuesOf(keep(openStateDict(average!))) } : {};
  const adam = existsSync(own!) ? ownAdam(keep(openStateDict(own!))) : torchAdams(nets, paths, keep, say);
  return { ...start, ...averages, ...adam };
}

/** The image pool of a checkpoint; those of trainings without one have no such file. */
function poolIn(folder: string, keep: Keep): Pick<Start, 'pool'> {
  const path = join(folder, 'pool.safetensors');
  if (!existsSync(path)) return {};
  const file = openSafetensors(keep(openFile(path)));
  return { pool: pooledFakes(file.tensors.keys(), (name) => readTensor(file, name)) };
}

/**
 * The newest checkpoint of a run that is whole, as it was left: the training goes on bit for bit. Empty where the run was ended before
 * its first one. `say` is told of damaged ones that were passed over. @throws DataError where none is whole
 */
export async function resumeFrom(
  run: string,
  nets: Nets,
  keep: Keep,
  say: Say,
): Promise<{ start?: Start; progress?: Progress }> {
  if ((await checkpointSteps(join(run, 'checkpoints'))).length === 0) {
    say('The run has no checkpoint yet: it begins at its first step');
    return {};
  }
  const folder = await newestWhole(run, (candidate) => verifyCheckpoint(candidate).then(() => candidate), say);
  const { step, cursor, ...state } = (await readCheckpointManifest(folder)).state;
  say(`Goes on after step ${step}, from ${folder}`);
  const start = { ...startFrom(folder, 'latest', nets, keep, () => {}), ...poolIn(folder, keep), ...state };
  return { start, progress: { step, cursor } };
}

const some = (names: readonly string[]): string => names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');

/**
 * Weights of another training, as far as its nets have the same tensors: a global generator for the trunk of a local one. What is
 * taken and what is not is said; a tensor of another shape is refused unless `partial`.
 * @throws MissingFileError, DataError
 */
export function pretrainedFrom(
  folder: string,
  { epoch, partial }: { epoch: string; partial: boolean },
  nets: Nets,
  keep: Keep,
  say: Say,
): Start {
  const taken = eachNet(nets, findCheckpoint(folder, epoch), keep, (name, net, file) => {
    const { tensors, left, unknown, misshapen } = fittingTensors(file, net.parameters);
    if (tensors.size === 0 || (misshapen.length > 0 && !partial)) {
      const problem = misshapen.length > 0 ? `of another shape: ${some(misshapen)}` : 'it has no tensor of this net';
      const fix = 'Give the options it was trained with, or --partial to take what fits';
      throw new DataError(`cannot be the start of ${name}: ${problem}`, { file: file.file, fix });
    }
    const rest = [
      left.length > 0 ? `new: ${left.length} (${some(left)})` : '',
      unknown.length > 0 ? `not taken: ${unknown.length} (${some(unknown)})` : '',
      misshapen.length > 0 ? `of another shape: ${misshapen.length} (${some(misshapen)})` : '',
    ].filter(Boolean);
    say([`${name}: ${tensors.size} tensors of ${basename(file.file)}`, ...rest].join('; '));
    return tensors;
  });
  return { nets: taken };
}
