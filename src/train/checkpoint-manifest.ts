// manifest.json of a checkpoint, wherever that lies: in a folder, or in a browser's own files.

import { DataError } from '../errors.js';
import { sha256 } from '../formats/sha256.js';
import type { TrainState } from './checkpoint.js';

/** By which metric a checkpoint is the best so far, and what that says of it. */
export interface Mark {
  metric: string;
  value: number;
}

/** What manifest.json of a checkpoint holds. */
export interface CheckpointManifest {
  format: 1;
  state: TrainState;
  /** Stays for good; others go when two newer ones are there, but for the best. */
  keep: boolean;
  /** It was the best until then. */
  best?: Mark;
  files: Record<string, { bytes: number; sha256: string }>;
}

export const MANIFEST = 'manifest.json';

/** Steps of the checkpoints among names in a folder, newest first. */
export const stepsOf = (names: readonly string[]): number[] =>
  names
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);

/** The text of a manifest ends with the SHA-256 of what it would be without that. */
export async function manifestText(manifest: CheckpointManifest): Promise<string> {
  return JSON.stringify({ ...manifest, sha256: await sha256(JSON.stringify(manifest)) }, null, 2);
}

/** @param path for errors @throws DataError where a bit of it is not as it was written */
export async function parseManifest(text: string, path: string): Promise<CheckpointManifest> {
  const fix = 'Use an older checkpoint of the run';
  try {
    const { sha256: _, ...manifest } = JSON.parse(text);
    if ((await manifestText(manifest)) === text) return manifest;
  } catch (cause) {
    throw new DataError('is damaged', { file: path, fix, cause });
  }
  throw new DataError('is damaged: its SHA-256 differs', { file: path, fix });
}
