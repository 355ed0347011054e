import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { DataError, fileError, MissingFileError } from '../errors.js';
import {
  namedFiles,
  type OnFault,
  type Places,
  pairSamples,
  type Role,
  refuse,
  roleFolders,
  type SamplePaths,
  SUFFIX,
  type Wanted,
} from './pairing.js';

/** Paths of the folders of each role under a root. */
export function dataFolders(root: string, phase: string, wanted: Wanted): Places {
  const folders = Object.entries(roleFolders(phase, wanted)).map(([role, folder]) => [role, join(root, folder)]);
  return Object.fromEntries(folders);
}

/**
 * Finds the samples, in code point order of their names. Folders are walked to any depth; files belong together when path
 * and name inside their folder agree up to suffix and role ending. (The reference pairs by position alone, so that one
 * missing file shifts all that follow without a word.) Throws MissingFileError for a folder that is not there, DataError
 * for an empty one or a folder named like a picture. A file without partner and one of two files of one name are faults, which `onFault`
 * throws unless told otherwise: then a sample lacks what has no partner, and the first of equal names counts.
 */
export async function findSamples(places: Places, onFault: OnFault = refuse): Promise<SamplePaths[]> {
  const roles = (Object.keys(places) as Role[]).filter((role) => places[role] !== undefined);
  const found = new Map<Role, Map<string, string>>();
  for (const role of roles) found.set(role, await listPictures(places[role] as string, onFault));
  const single = [...found.values()].every((files) => files.size === 1) && (await stat(places.label)).isFile();
  return pairSamples(places, found, { single, onFault });
}

/** Name → path. A single file counts as a folder that holds only it. */
async function listPictures(place: string, onFault: OnFault): Promise<Map<string, string>> {
  const stats = await stat(place).catch((error) => {
    throw error.code === 'ENOENT' ? missing(place) : fileError(error, place);
  });
  const files = stats.isDirectory() ? await walk(place) : [place];
  if (files.length === 0) throw new DataError('holds no picture', { file: place, fix: 'Put PNG or JPEG files there' });
  const inside = (file: string) => (stats.isDirectory() ? relative(place, file) : basename(file));
  return namedFiles(new Map(files.map((file) => [file, inside(file).split(sep).join('/')])), onFault);
}

const missing = (place: string) =>
  new MissingFileError('no such file or folder', {
    file: place,
    fix: 'Data folders are named <phase>_label, <phase>_inst, <phase>_img',
  });

/** Links to files are followed, links to folders are not: they may lead round in a circle. */
async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError(error, folder);
  });
  const lists = await Promise.all(entries.map((entry) => pictures(entry, join(folder, entry.name))));
  return lists.flat();
}

async function pictures(entry: Dirent, path: string): Promise<string[]> {
  const named = SUFFIX.test(entry.name) && !entry.name.startsWith('.');
  if (entry.isDirectory()) {
    if (named) throw new DataError('is a folder named like a picture', { file: path, fix: 'Rename or remove it' });
    return walk(path);
  }
  return named ? [path] : [];
}
