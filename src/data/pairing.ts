// Which files make a sample, by their names alone.

import { DataError } from '../errors.js';

/** The files of one sample. `name` is what they have in common. With label_nc 0 `label` is the RGB input (A). */
export type SamplePaths = { name: string; label: string; instance?: string; image?: string; feature?: string };
export type Role = Exclude<keyof SamplePaths, 'name'>;

/** Where each role's files are: a folder or a single file. */
export type Places = { label: string } & Partial<Record<Role, string>>;

export const SUFFIX = /\.(jpe?g|png|ppm|pgm|bmp|tiff?|webp)$/i;

/** What Cityscapes puts behind the common part of a name; the reference's own sample data is named so. */
const ROLE_ENDING = /_(gtFine|gtCoarse)_(labelIds|labelTrainIds|instanceIds|color)$|_leftImg8bit$/;

export type Wanted = { labelNc: number; noInstance: boolean; images: boolean; loadFeatures: boolean };

/** The reference's folder of each role that is wanted: `<phase>_label|_inst|_img|_feat`, or `_A|_B` where the input is RGB (label_nc 0). */
export function roleFolders(phase: string, { labelNc, noInstance, images, loadFeatures }: Wanted): Places {
  const folder = (role: string) => `${phase}_${role}`;
  const places: Places = { label: folder(labelNc ? 'label' : 'A') };
  if (!noInstance) places.instance = folder('inst');
  if (images) places.image = folder(labelNc ? 'img' : 'B');
  if (loadFeatures) places.feature = folder('feat');
  return places;
}

/** Is told of a fault of one file; the rest goes on unless it throws. */
export type OnFault = (fault: DataError) => void;

export const refuse: OnFault = (fault) => {
  throw fault;
};

/** What a file has in common with its partners, from its path inside its folder. */
const nameOf = (inside: string): string => inside.replace(SUFFIX, '').replace(ROLE_ENDING, '');

/**
 * Name → path of one role's files, in code point order. @param inside the path in the role's folder, with slashes, of each path
 * @param onFault is told of the second of two files of one name
 */
export function namedFiles(inside: ReadonlyMap<string, string>, onFault: OnFault = refuse): Map<string, string> {
  const names = new Map<string, string>();
  for (const path of [...inside.keys()].sort(byCodePoint)) {
    const name = nameOf(inside.get(path)!);
    const other = names.get(name);
    const fix = 'Remove or rename one of the two';
    if (other) onFault(new DataError(`has the same name as ${other}`, { file: path, fix }));
    else names.set(name, path);
  }
  return names;
}

type Found = ReadonlyMap<Role, ReadonlyMap<string, string>>;

/**
 * Samples of the files of every role, in code point order of their names. @param places where each role's files are, for messages
 * @param single one file a role, which belong together whatever their names @param onFault is told of files without a partner
 */
export function pairSamples(
  places: Places,
  found: Found,
  { single = false, onFault = refuse }: { single?: boolean; onFault?: OnFault } = {},
): SamplePaths[] {
  const labels = found.get('label')!;
  for (const [role, files] of single ? [] : found) checkPartners(places, role, labels, files, onFault);
  const fileOf = (role: Role, name: string) =>
    single ? [...(found.get(role)?.values() ?? [])][0] : found.get(role)?.get(name);
  return [...labels].map(([name, label]) => {
    const paths: SamplePaths = { name, label };
    for (const role of found.keys()) paths[role] = fileOf(role, name) as string;
    return paths;
  });
}

/** The first fault says how many like it follow. */
function checkPartners(
  places: Places,
  role: Role,
  labels: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
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

/** JavaScript compares strings by UTF-16 unit, Python by code point; they differ past U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = (x[i].codePointAt(0) as number) - (y[i].codePointAt(0) as number);
    if (order) return order;
  }
  return x.length - y.length;
}
