// Where the reference and others put the files of a checkpoint, and how they call them.

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileError, MissingFileError } from '../errors.js';

export type NetName = 'G' | 'D' | 'E';

/** Paths of what belongs to one checkpoint; everything but the generator may be missing. */
export interface CheckpointPaths {
  G: string;
  D?: string;
  E?: string;
  /** torch's Adam of G (and E), and of D. */
  optimizers: { G?: string; D?: string };
  /** opt.txt, the reference's options. */
  options?: string;
  /** features_clustered_*.npy; of several the last, with the most clusters. */
  clusters?: string;
}

/** What a net's file may be called, the reference's own name first. */
const netNames = (net: NetName, epoch: string): string[] => [
  `${epoch}_net_${net}.pth`,
  `${net}.safetensors`,
  `${net}.safetensors.index.json`,
];

const CLUSTERS = /^features_clustered_\d+\.npy$/;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fileError(error, folder);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path);
  }
}

function noGenerator(folder: string, epoch: string, names: readonly string[]): MissingFileError {
  const others = names.flatMap((name) => /^(.+)_net_G\.pth$/.exec(name)?.[1] ?? []);
  const fix = others.length > 0 ? `It has the epochs ${others.join(', ')}: give --which-epoch` : undefined;
  return new MissingFileError(`holds no ${epoch}_net_G.pth`, { file: folder, fix });
}

/**
 * The checkpoint of a folder at an epoch (`latest` or a number), or a generator's file with what stands beside it that is not a
 * net. Throws MissingFileError.
 */
export function findCheckpoint(path: string, epoch = 'latest'): CheckpointPaths {
  const single = !isFolder(path);
  const folder = single ? dirname(path) : path;
  const names = namesIn(folder);
  const first = (wanted: readonly string[]) => {
    const name = wanted.find((candidate) => names.includes(candidate));
    return name === undefined ? undefined : join(folder, name);
  };
  const beside = {
    options: first(['opt.txt']),
    clusters: first(
      names
        .filter((name) => CLUSTERS.test(name))
        .sort()
        .reverse(),
    ),
  };
  if (single) return { G: join(folder, basename(path)), optimizers: {}, ...beside };
  const net = (name: NetName) => first(netNames(name, epoch));
  const G = net('G');
  if (!G) throw noGenerator(folder, epoch, names);
  const optimizer = (name: NetName) => first([`${epoch}_optim_${name}.pth`]);
  return { G, D: net('D'), E: net('E'), optimizers: { G: optimizer('G'), D: optimizer('D') }, ...beside };
}
