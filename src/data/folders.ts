import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { DataError, fileError, MissingFileError } from '../errors.js';

/** The files of one sample. `name` is what they have in common. With label_nc 0 `label` is the RGB input (A). */
export type SamplePaths = { name: string; label: string; instance?: string; image?: string; feature?: string };
export type Role = Exclude<keyof SamplePaths, 'name'>;

/** Where each role's files are: a folder or a single file. */
export type Places = { label: string } & Partial<Record<Role, string>>;

const SUFFIX = /\.(jpe?g|png|ppm|pgm|bmp|tiff?|webp)$/i;

/** What Cityscapes puts behind the common part of a name; the reference's own sample data is named so. */
const ROLE_ENDING = /_(gtFine|gtCoarse)_(labelIds|labelTrainIds|instanceIds|color)$|_leftImg8bit$/;

export type Wanted = { labelNc: number; noInstance: boolean; images: boolean; loadFeatures: boolean };

/** The reference's folders: `<root>/<phase>_label|_inst|_img|_feat`, or `_A|_B` where the input is RGB (label_nc 0). */
export function dataFolders(
  root: string,
  phase: string,
  { labelNc, noInstance, images, loadFeatures }: Wanted,
): Places {
  const folder = (role: string) => join(root, `${phase}_${role}`);
  const places: Places = { label: folder(labelNc ? 'label' : 'A') };
  if (!noInstance) places.instance = folder('inst');
  if (images) places.image = folder(labelNc ? 'img' : 'B');
  if (loadFeatures) places.feature = folder('feat');
  return places;
}

/** Is told of a fault of one file; the rest goes on unless it throws. */
export type OnFault = (fault: DataError) => void;

const refuse: OnFault = (fault) => {
  throw fault;
};

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
  const labels = found.get('label') as Map<string, string>;
  const single = [...found.values()].every((files) => files.size === 1) && (await stat(places.label)).isFile();
  for (const [role, files] of single ? [] : found) checkPartners(places, role, labels, files, onFault);
  const fileOf = (role: Role, name: string) =>
    single ? [...(found.get(role)?.values() ?? [])][0] : found.get(role)?.get(name);
  return [...labels].map(([name, label]) => {
    const paths: SamplePaths = { name, label };
    for (const role of roles) paths[role] = fileOf(role, name) as string;
    return paths;
  });
}

/** The first fault says how many like it follow. */
function checkPartners(
  places: Places,
  role: Role,
  labels: Map<string, string>,
  files: Map<string, string>,
  onFault: OnFault,
): void {
  const directions = [
    { from: labels, to: files, place: places[role] as string },
    { from: files, to: labels, place: places.label },
  ];
  for (const { from, to, place } of directions) {
    const without = [...from].filter(([name]) => !to.has(name));
    const near = [...to.keys()].slice(0, 2).join(', ');
    const fix = `Files of one sample need the same name apart from the suffix; ${place} has ${near} …`;
    without.forEach(([name, file], i) => {
      const more = i === 0 && without.length > 1 ? ` (and ${without.length - 1} more files)` : '';
      onFault(new DataError(`has no partner named ${name}.* in ${place}${more}`, { file, fix }));
    });
  }
}

/** Name → path. A single file counts as a folder that holds only it. */
async function listPictures(place: string, onFault: OnFault): Promise<Map<string, string>> {
  const stats = await stat(place).catch((error) => {
    throw error.code === 'ENOENT' ? missing(place) : fileError(error, place);
  });
  const files = stats.isDirectory() ? await walk(place) : [place];
  if (files.length === 0) throw new DataError('holds no picture', { file: place, fix: 'Put PNG or JPEG files there' });
  const names = new Map<string, string>();
  for (const file of files.sort(byCodePoint)) {
    const inside = stats.isDirectory() ? relative(place, file) : basename(file);
    const name = inside.split(sep).join('/').replace(SUFFIX, '').replace(ROLE_ENDING, '');
    const other = names.get(name);
    if (other)
      onFault(new DataError(`has the same name as ${other}`, { file, fix: 'Remove or rename one of the two' }));
    else names.set(name, file);
  }
  return names;
}

const missing = (place: string) =>
  new MissingFileError('no such file or folder', {
    file: place,
    fix: 'Data folders are named <phase>_label, <phase>_inst, <phase>_img',
  });

/** JavaScript compares strings by UTF-16 unit, Python by code point; they differ past U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = (x[i].codePointAt(0) as number) - (y[i].codePointAt(0) as number);
    if (order) return order;
  }
  return x.length - y.length;
}

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
