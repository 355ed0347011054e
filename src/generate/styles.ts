// What the regions of a picture look like: chosen, drawn or zero, and painted as planes that the generator takes.

import { regionClasses } from '../data/region-classes.js';
import { denseRegions } from '../data/regions.js';
import type { Size } from '../data/resample.js';
import { below, createRng } from '../data/rng.js';
import { DataError } from '../errors.js';
import { type Encoding, labelChannels } from '../nets/encode-input.js';
import type { Manifest } from '../nets/manifest.js';

/** The number of one of its class's centres, from 0, or the style itself: as many values as the net has style channels. */
export type Style = number | readonly number[];

/** By class, the styles found to be typical of it. */
export type Centres = readonly (readonly (readonly number[])[])[];

/** Styles by region and class; a region of which nothing is said has zeros. */
export interface StyleChoice {
  /**
   * By instance id; where the net has a style a class (`features.by` is 'label') by class id. Regions that a picture does
   * not have are passed over.
   */
  regions?: Readonly<Record<string, Style>>;
  /** By name or id of the class, for its regions not named above. */
  classes?: Readonly<Record<string, Style>>;
  /** All other regions draw one of their class's centres: by seed and region id alone, so that a region keeps its style. */
  seed?: number;
  /** What is drawn from and numbered. Default: the centres that the generator's file holds. */
  centres?: Centres;
}

/** … or ready planes: f32 [style channels, H, W]. */
export type Styles = StyleChoice | Float32Array;

/** Where nothing is said at all: drawn where there are centres, zeros where there are none. */
const defaultStyles = ({ styles }: Manifest): StyleChoice => (styles ? { seed: 1 } : {});

/** The map whose every id has a style of its own. */
export const styledMap = <T>({ features }: Encoding, { labels, instances }: { labels?: T; instances?: T }) =>
  features?.by === 'label' ? labels : (instances ?? labels);

const refused = (problem: string, fix?: string) => new DataError(`generate: styles: ${problem}`, { fix });

/** Vectors by class: checked, or refused by the class's name. */
interface Book {
  manifest: Manifest;
  centres: Centres;
  width: number;
}

function classOf(key: string, { classes, encoding }: Manifest): number {
  const named = classes.names.indexOf(key);
  if (named >= 0) return named;
  const most = labelChannels(encoding) || Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(key) && Number(key) < most) return Number(key);
  const names = classes.names.slice(0, 8).join(', ') + (classes.names.length > 8 ? ', …' : '');
  throw refused(`there is no class ${JSON.stringify(key)}`, `Give one of ${names}, or its number`);
}

const nameOf = (number: number, { classes }: Manifest): string => classes.names[number] ?? String(number);

/** `class` matters for the number of a centre alone. */
function vectorOf(style: Style, ofClass: number, { manifest, centres, width }: Book): readonly number[] {
  const own = centres[ofClass] ?? [];
  const vector = typeof style === 'number' ? own[style] : style;
  if (!vector) {
    const fix = own.length > 0 ? `Give 0…${own.length - 1}, or the ${width} values of a style` : `Give ${width} values`;
    throw refused(`class ${nameOf(ofClass, manifest)} has ${own.length} centres, none of number ${style}`, fix);
  }
  if (vector.length === width && vector.every(Number.isFinite)) return vector;
  throw refused(`got [${vector}] for class ${nameOf(ofClass, manifest)}, wanted ${width} numbers`);
}

function checkRegions(regions: Readonly<Record<string, Style>>): void {
  const bad = Object.keys(regions).find((key) => !/^\d+$/.test(key));
  if (bad !== undefined)
    throw refused(`${JSON.stringify(bad)} is no id of a region`, 'Classes go by name under classes');
}

/** The style of a region. Drawn by seed and id alone: neither other regions nor their order matter. */
function chooser(choice: StyleChoice, book: Book): (id: number, ofClass: number) => readonly number[] {
  const { regions = {}, classes = {}, seed } = choice;
  checkRegions(regions);
  const chosen = Object.entries(classes).map(([key, style]) => {
    const ofClass = classOf(key, book.manifest);
    return [ofClass, vectorOf(style, ofClass, book)] as const;
  });
  const byClass = new Map(chosen);
  const draw = (id: number, count: number) =>
    seed === undefined || count === 0 ? undefined : below(createRng(seed, id), count);
  const zeros = new Array<number>(book.width).fill(0);
  return (id, ofClass) => {
    const style = regions[id] ?? byClass.get(ofClass) ?? draw(id, book.centres[ofClass]?.length ?? 0);
    return style === undefined ? zeros : vectorOf(style, ofClass, book);
  };
}

/** Every pixel gets its region's vector: f32 [width, H, W]. */
function paint(regions: Int32Array, vectors: readonly (readonly number[])[], width: number): Float32Array {
  const area = regions.length;
  const planes = new Float32Array(width * area);
  for (let channel = 0; channel < width; channel++) {
    const values = vectors.map((vector) => vector[channel]!);
    for (let i = 0; i < area; i++) planes[channel * area + i] = values[regions[i]!]!;
  }
  return planes;
}

function checkedPlanes(planes: Float32Array, width: number, size: Size): Float32Array {
  if (planes.length === width * size.width * size.height) return planes;
  throw refused(`got ${planes.length} values, wanted [${width}, ${size.height}, ${size.width}]`);
}

/** Maps of one picture, [H, W] each: `ids` says what shares a style, `labels` the class where there are any. */
export interface StyledPicture {
  size: Size;
  ids: Int32Array;
  labels?: Int32Array;
}

/**
 * The style channels of one picture, f32 [style channels, H, W].
 * @throws DataError for classes and centres that are not there and vectors of another length
 */
export function stylePlanes(
  styles: Styles | undefined,
  { size, ids, labels }: StyledPicture,
  manifest: Manifest,
): Float32Array {
  const width = manifest.encoding.features?.count ?? 0;
  if (styles instanceof Float32Array) return checkedPlanes(styles, width, size);
  const choice = styles ?? defaultStyles(manifest);
  const styleOf = chooser(choice, { manifest, width, centres: choice.centres ?? manifest.styles ?? [] });
  const dense = denseRegions(ids);
  const classes = regionClasses(dense, labels);
  return paint(
    dense.regions,
    dense.ids.map((id, region) => styleOf(id, classes[region]!)),
    width,
  );
}
