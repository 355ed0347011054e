// A run's folder as the page shows it, kept up to date with what another process writes there.

import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { fileError, MissingFileError } from '../errors.js';
import { checkpointSteps } from '../train/checkpoint-folder.js';
import { followFile } from './follow.js';
import { addLine, type Curves, curvesOf, newHistory } from './history.js';
import { type RunFiles, type RunStatus, statusOf } from './status.js';

export interface WatchedRun {
  readonly name: string;
  /** Reads what is new. @returns whether there was something */
  look(): Promise<boolean>;
  status(): RunStatus;
  curves(from: number, to: number, points: number): Curves;
  /** The sheet of a step, or undefined where there is none. */
  sample(step: number): Promise<Uint8Array | undefined>;
}

/** Files that make a folder a run. */
const SIGNS = ['config.json', 'log.jsonl'];
const isRun = (folder: string): boolean => SIGNS.some((name) => existsSync(join(folder, name)));

/** The folder itself, or the runs in it. @throws MissingFileError where there is none */
async function runFolders(path: string): Promise<string[]> {
  if (isRun(path)) return [path];
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    throw fileError(error, path);
  });
  const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  const runs = inside.filter(isRun).sort();
  if (runs.length > 0) return runs;
  throw new MissingFileError('holds no run', { file: path, fix: "Give a run's folder, or one with runs in it" });
}

/** Names of their folders, with the folder above where two are alike. */
function namesOf(roots: readonly string[]): string[] {
  const short = roots.map((root) => basename(root));
  const isTwice = (name: string) => short.indexOf(name) !== short.lastIndexOf(name);
  return roots.map((root, i) => (isTwice(short[i]!) ? root.split(sep).slice(-2).join('/') : short[i]!));
}

/** The runs of the given folders, or in them, each once. @throws MissingFileError for one that holds none */
export async function openRuns(paths: readonly string[]): Promise<WatchedRun[]> {
  const folders = await Promise.all(paths.map((path) => runFolders(resolve(path))));
  const roots = [...new Set(folders.flat())];
  const names = namesOf(roots);
  return roots.map((root, i) => watchRun(root, names[i]!));
}

async function readConfig(root: string): Promise<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(await readFile(join(root, 'config.json'), 'utf8'));
    return typeof config === 'object' ? { ...config } : {};
  } catch {
    return {}; // not there yet, or foreign: the curves are worth showing all the same
  }
}

async function sampleSteps(root: string): Promise<number[]> {
  const names = await readdir(join(root, 'samples')).catch((): string[] => []);
  const steps = names.flatMap((name) => /^step-(\d+)\.png$/.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => a - b);
}

/** A file below a folder. Links that lead out of it are not followed. */
async function readInside(root: string, ...names: string[]): Promise<Uint8Array | undefined> {
  try {
    const [folder, path] = await Promise.all([realpath(root), realpath(join(root, ...names))]);
    return path.startsWith(folder + sep) ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}

export function watchRun(root: string, name: string): WatchedRun {
  const log = followFile(join(root, 'log.jsonl'));
  let history = newHistory();
  let version = 0;
  let files: RunFiles = { config: {}, samples: [], checkpoints: [] };

  async function lookAtFiles(): Promise<boolean> {
    const [config, samples, checkpoints] = await Promise.all([
      readConfig(root),
      sampleSteps(root),
      checkpointSteps(join(root, 'checkpoints')).catch(() => []),
    ]);
    const found = { config, samples, checkpoints: checkpoints.reverse() };
    const changed = JSON.stringify(found) !== JSON.stringify(files);
    files = found;
    return changed;
  }

  return {
    name,
    async look() {
      let changed = await lookAtFiles();
      await log.look(
        () => {
          history = newHistory();
          changed = true;
        },
        (line) => {
          addLine(history, line);
          changed = true;
        },
      );
      if (changed) version++;
      return changed;
    },
    status: () => statusOf(name, version, history, files),
    curves: (from, to, points) => curvesOf(history, from, to, points),
    sample: (step) => readInside(root, 'samples', `step-${step}.png`),
  };
}
