// A repaired copy of a data set. Only what cannot be meant otherwise is changed; what is in doubt is left out and named.

import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { DataError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import type { Classes, Colour } from './colours.js';
import type { DatasetOptions } from './dataset.js';
import { dataFolders, findSamples } from './folders.js';
import { type Image, toRgb } from './image.js';
import { readImage } from './load.js';
import type { Role, SamplePaths } from './pairing.js';
import { encodePng } from './png.js';
import { resizeBicubic, resizeNearest, type Size } from './resample.js';

export interface Repair {
  file: string;
  /** What was done, or why the sample was left out. */
  what: string;
}

export interface Repaired {
  /** Samples written. */
  samples: number;
  /** Classes of the copy: one more where pixels were given to "don't care". */
  classes: number;
  changed: Repair[];
  leftOut: Repair[];
}

/** A picture as it goes into the copy; without `png` its file is copied as it is. */
interface Made {
  size: Size;
  png?: Uint8Array;
}

type Say = (what: string) => void;

/** Shapes may differ by rounding. */
const SAME_SHAPE = 0.01;

const sameSize = (a: Size, b: Size): boolean => a.width === b.width && a.height === b.height;

function checkShape(image: Image, size: Size): void {
  const ratio = (image.width * size.height) / (image.height * size.width);
  if (Math.abs(ratio - 1) <= SAME_SHAPE) return;
  throw new DataError(`${image.width}×${image.height} beside a label map of ${size.width}×${size.height}`, {
    file: image.path,
  });
}

const greyPng = ({ width, height }: Size, ids: Int32Array, wide: boolean): Uint8Array =>
  encodePng({ width, height, channels: 1, data: wide ? Uint16Array.from(ids) : Uint8Array.from(ids) });

/** Ids of a label map in the colours of the classes. @throws DataError for a colour that is none of theirs */
function idsOfColours(image: Image, palette: readonly Colour[]): Int32Array {
  const key = (r: number, g: number, b: number) => (r << 16) | (g << 8) | b;
  const ids = new Map(palette.map(([r, g, b], id) => [key(r, g, b), id]));
  if (ids.size < palette.length) throw new DataError('in colour, and classes share colours', { file: image.path });
  const rgb = toRgb(image);
  return Int32Array.from({ length: rgb.length / 3 }, (_, i) => {
    const colour = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!] as const;
    const id = ids.get(key(...colour));
    if (id === undefined) throw new DataError(`colour ${colour.join(' ')} is none of a class`, { file: image.path });
    return id;
  });
}

function requireExact({ exact, path }: Image): void {
  if (!exact) throw new DataError('a lossy format blurs ids', { file: path });
}

/** Palette and colours become ids, ids outside the classes become "don't care", number `labelNc`. */
function repairLabel(image: Image, { labelNc, dontCare }: DatasetOptions, palette: readonly Colour[], say: Say): Made {
  requireExact(image);
  const coloured = image.channels > 1;
  const ids = coloured ? idsOfColours(image, palette) : Int32Array.from(image.data);
  const outside = ids.filter((id) => id >= labelNc && id !== dontCare);
  if (coloured) say('colours of classes → ids');
  if (image.palette) say('palette → ids');
  if (outside.length > 0) {
    const names = [...new Set(outside)].sort((a, b) => a - b).join(', ');
    say(`id ${names} → ${labelNc}, don't care (${outside.length} pixels)`);
  }
  if (!coloured && !image.palette && outside.length === 0 && image.notes.length === 0) return { size: image };
  const mapped = ids.map((id) => (id >= labelNc ? labelNc : id));
  return { size: image, png: greyPng(image, mapped, labelNc > 255) };
}

function repairInstance(image: Image, size: Size, say: Say): Made {
  requireExact(image);
  if (image.channels > 1) throw new DataError('instance map in colour', { file: image.path });
  const same = sameSize(image, size);
  if (same && !image.palette && image.notes.length === 0) return { size };
  checkShape(image, size);
  if (!same) say(`${image.width}×${image.height} → ${size.width}×${size.height}`);
  if (image.palette) say('palette → ids');
  const ids = resizeNearest(Int32Array.from(image.data), image, size);
  return { size, png: greyPng(size, ids, image.depth > 8) };
}

function repairPhoto(image: Image, size: Size, say: Say): Made {
  const { width, height, channels, depth, palette, notes } = image;
  const reasons = [
    ...(sameSize(image, size) ? [] : [`${width}×${height} → ${size.width}×${size.height}`]),
    ...(channels % 2 === 0 ? ['alpha dropped'] : []),
    ...(depth === 16 ? ['16 bits → 8'] : []),
    ...(palette ? ['palette → RGB'] : []),
    ...(notes.length > 0 ? [`saved anew as it is stored: it ${notes.join(', ')}`] : []),
  ];
  if (reasons.length === 0) return { size };
  checkShape(image, size);
  say(reasons.join('; '));
  return { size, png: encodePng({ ...size, channels: 3, data: resizeBicubic(toRgb(image), image, size, 3) }) };
}

/** Pictures of a sample by role. @throws DataError for one that cannot be repaired */
async function repairSample(
  paths: SamplePaths,
  options: DatasetOptions,
  palette: readonly Colour[],
  say: (file: string, what: string) => void,
) {
  const made: [Role, string, Made][] = [];
  const label = await readImage(paths.label, options);
  const tell = (file: string) => (what: string) => say(file, what);
  const first = options.labelNc
    ? repairLabel(label, options, palette, tell(paths.label))
    : repairPhoto(label, label, tell(paths.label));
  made.push(['label', paths.label, first]);
  for (const role of ['instance', 'image', 'feature'] as const) {
    const path = paths[role];
    if (path === undefined) continue;
    const repair = role === 'instance' ? repairInstance : repairPhoto;
    made.push([role, path, repair(await readImage(path, options), label, tell(path))]);
  }
  return made;
}

/** Names that no system takes for the same file. */
function freeName(name: string, taken: Set<string>): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (taken.has(candidate.toLowerCase())) continue;
    taken.add(candidate.toLowerCase());
    return candidate;
  }
}

async function writeSample(made: readonly [Role, string, Made][], target: (role: Role) => string): Promise<void> {
  for (const [role, path, { png }] of made) {
    const file = `${target(role)}${png ? '.png' : extname(path).toLowerCase()}`;
    await mkdir(dirname(file), { recursive: true });
    await (png ? writeFileAtomic(file, png) : copyFile(path, file));
  }
}

/**
 * Writes a copy of a data set without its faults into `out`: pairs by name, don't care for ids outside the classes, palettes and class
 * colours as ids, sizes of one shape brought together, photos as 8-bit RGB, names that differ in more than case, and a classes.json.
 * Nothing of the original is touched. @throws IOError, MissingFileError
 */
export async function repairData(
  root: string,
  out: string,
  options: DatasetOptions,
  classes: Classes,
): Promise<Repaired> {
  const result: Repaired = { samples: 0, classes: options.labelNc, changed: [], leftOut: [] };
  const places = dataFolders(root, options.phase, options);
  const copies = dataFolders(out, options.phase, options);
  const leave = (file: string, what: string) => void result.leftOut.push({ file, what });
  const samples = await findSamples(places, ({ file, message }) => leave(file ?? root, message));
  const complete = samples.filter((paths) => Object.values(paths).every((path) => path !== undefined));
  const taken = new Set<string>();
  for (const paths of complete) {
    const said: Repair[] = [];
    try {
      const made = await repairSample(paths, options, classes.palette, (file, what) => said.push({ file, what }));
      const name = freeName(paths.name, taken);
      if (name !== paths.name) said.push({ file: paths.label, what: `named ${name}` });
      await writeSample(made, (role) => join(copies[role]!, name));
      result.samples++;
      result.changed.push(...said);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      leave(error.file ?? paths.label, error.message);
    }
  }
  if (options.labelNc > 0) result.classes = await writeClasses(out, options, classes, result.changed);
  return result;
}

async function writeClasses(
  out: string,
  { labelNc, dontCare }: DatasetOptions,
  classes: Classes,
  changed: Repair[],
): Promise<number> {
  const more = dontCare !== undefined || changed.some(({ what }) => what.includes("don't care"));
  const count = labelNc + (more ? 1 : 0);
  const names = [...classes.names.slice(0, labelNc), ...(more ? ["don't care"] : [])];
  const palette = [...classes.palette.slice(0, labelNc), ...(more ? [[0, 0, 0]] : [])];
  await writeFileAtomic(join(out, 'classes.json'), `${JSON.stringify({ classes: names, palette }, null, 2)}\n`);
  return count;
}
