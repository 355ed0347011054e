// Drawings as files: maps as PNG, whole projects as a zip of them.

import type { Image } from '../../src/data/image.js';
import { isPng } from '../../src/data/png.js';
import { DataError } from '../../src/errors.js';
import type { Style } from '../../src/generate/styles.js';
import type { Drawing, Maps } from './maps.js';
import { readPng, writePng } from './png.js';
import { readZip, writeZip } from './zip.js';

/** Ids of a PNG with one channel, or of its palette. @throws DataError */
export function idsOf({ channels, data, path, palette }: Image): Uint16Array {
  if (channels === 1 || palette) return Uint16Array.from(data);
  throw new DataError('is a picture in colours, not a map of ids', {
    file: path,
    fix: 'Open a PNG with one channel: class ids, or object ids of 16 bits',
  });
}

/** A PNG of 8 bits where all ids fit, else of 16. */
export function idsPng(
  ids: Uint16Array,
  { width, height }: Maps,
  wide = ids.some((id) => id > 255),
): Promise<Uint8Array<ArrayBuffer>> {
  const data = wide ? ids : Uint8Array.from(ids);
  return writePng({ width, height, channels: 1, data });
}

/** Labels, and objects that fit them; without objects every class is one. @throws DataError naming pixel and file */
export function mapsOf(labels: Image, instances: Image | undefined, classes: number): Maps {
  const { width, height } = labels;
  const ids = idsOf(labels);
  const wrong = ids.findIndex((id) => id >= classes);
  if (wrong >= 0) {
    const place = `x=${wrong % width} y=${Math.floor(wrong / width)}`;
    throw new DataError(`id ${ids[wrong]} at ${place}, but the checkpoint knows the classes 0…${classes - 1}`, {
      file: labels.path,
      fix: 'Open a label map of the data that it was trained on',
    });
  }
  if (instances && (instances.width !== width || instances.height !== height)) {
    const sizes = `${instances.width}×${instances.height}, the label map ${width}×${height}`;
    throw new DataError(`is ${sizes}`, { file: instances.path, fix: 'Open two maps of one picture' });
  }
  return { width, height, labels: ids, instances: instances ? idsOf(instances) : ids.slice() };
}

const NAMES = { project: 'project.json', labels: 'labels.png', instances: 'instances.png' } as const;
/** Far more than maps of 64 megapixels take. */
const MOST_BYTES = 1 << 28;

/** A zip with both maps, which other programs can open, and the styles. */
export async function encodeProject(drawing: Drawing): Promise<Uint8Array<ArrayBuffer>> {
  const { styles, seed } = drawing;
  const project = { format: 1, seed, styles: Object.fromEntries(styles) };
  return writeZip({
    [NAMES.project]: new TextEncoder().encode(JSON.stringify(project)),
    [NAMES.labels]: await idsPng(drawing.labels, drawing),
    [NAMES.instances]: await idsPng(drawing.instances, drawing, true),
  });
}

const isStyle = (value: unknown): value is Style =>
  Number.isInteger(value) || (Array.isArray(value) && value.every(Number.isFinite));

/** Chosen styles and the seed of a project. @throws DataError */
function parseProject(bytes: Uint8Array, file: string): Pick<Drawing, 'styles' | 'seed'> {
  const fix = 'Give a project that this editor has saved';
  let parsed: { format?: unknown; seed?: unknown; styles?: unknown };
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DataError('its project.json is no JSON', { file, fix, cause });
  }
  const { format, seed, styles } = parsed ?? {};
  const entries = Object.entries(styles ?? {});
  if (format !== 1 || !Number.isInteger(seed) || !entries.every(([id, style]) => /^\d+$/.test(id) && isStyle(style)))
    throw new DataError('its project.json is not understood', { file, fix });
  return { seed: seed as number, styles: new Map(entries.map(([id, style]) => [Number(id), style as Style])) };
}

/** @throws DataError for what is no project, or of other classes */
export async function decodeProject(bytes: Uint8Array, file: string, classes: number): Promise<Drawing> {
  const names = Object.values(NAMES);
  const parts = await readZip(bytes, names, MOST_BYTES).catch((cause) => {
    throw new DataError('is damaged', { file, fix: 'Save the project again', cause });
  });
  const missing = names.find((name) => !parts.has(name));
  if (missing) throw new DataError(`holds no ${missing}`, { file, fix: 'Give a project that this editor has saved' });
  const [labels, instances] = await Promise.all(
    [NAMES.labels, NAMES.instances].map((name) => readPng(parts.get(name)!, `${file}/${name}`)),
  );
  return { ...mapsOf(labels!, instances, classes), ...parseProject(parts.get(NAMES.project)!, file) };
}

export type FileKind = 'checkpoint' | 'project' | 'map' | 'photo';

/** What a dropped file is by its first bytes; anything else is taken for a checkpoint, whose reader says what is wrong. */
export function kindOf(bytes: Uint8Array): FileKind {
  if (isPng(bytes)) return bytes[25] === 0 || bytes[25] === 3 ? 'map' : 'photo';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'photo';
  const begins = String.fromCharCode(...bytes.subarray(0, 12));
  if (begins.startsWith('RIFF') && begins.endsWith('WEBP')) return 'photo';
  return begins.startsWith('PK') ? 'project' : 'checkpoint';
}
