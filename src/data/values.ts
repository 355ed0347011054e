import { DataError } from '../errors.js';
import type { Image } from './image.js';

export type LabelOptions = {
  /** Number of classes; 0 means that the input is an RGB picture instead of labels. */
  labelNc: number;
  /** An id that means "no class", 255 in many data sets; it becomes one more class, number labelNc. */
  dontCare?: number;
  /** The classes are those of a trained net: no option adds one. */
  trained?: boolean;
};

/** Throws DataError naming both files. */
export function checkSameSize(label: Image, other: Image): void {
  if (label.width === other.width && label.height === other.height) return;
  const problem = `is ${other.width}×${other.height}, its partner ${label.path} is ${label.width}×${label.height}`;
  throw new DataError(problem, { file: other.path, fix: 'Bring both to one size (labels by nearest neighbour)' });
}

/** Ids as stored, whatever the bit depth: never scaled, so that an 8-bit map works like a 16-bit one. */
function rawIds({ channels, exact, palette, data, path }: Image, what: string): Int32Array {
  if (!exact) {
    const fix =
      'Save it as PNG from the original: JPEG and WebP blur ids at every border, TIFF is read for photos only';
    throw new DataError(`${what} in a format that is no PNG or PGM`, { file: path, fix });
  }
  if (channels > 1) {
    const kind = channels === 2 ? 'with an alpha channel' : 'in colour (RGB)';
    const fix = 'Save one id a pixel, as grey or palette PNG';
    throw new DataError(`${what} ${kind}, expected ids`, { file: path, fix });
  }
  return palette ? Int32Array.from(data) : new Int32Array(data);
}

/** Instance ids [1, H, W] of an 8- or 16-bit grey or palette picture. */
export const instanceIds = (image: Image): Int32Array => rawIds(image, 'instance map');

/** Label ids [1, H, W], checked against the classes; `dontCare` has become the extra class. */
export function labelIds(image: Image, options: LabelOptions): Int32Array {
  const { labelNc, dontCare } = options;
  const ids = rawIds(image, 'label map');
  const wrong = new Map<number, { count: number; first: number }>();
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === dontCare) ids[i] = labelNc;
    else if (ids[i] >= labelNc) {
      const { count, first } = wrong.get(ids[i]) ?? { count: 0, first: i };
      wrong.set(ids[i], { count: count + 1, first });
    }
  }
  if (wrong.size) throw labelError(image, options, wrong);
  return ids;
}

function labelError(
  { path, width }: Image,
  { labelNc, trained }: LabelOptions,
  wrong: Map<number, { count: number; first: number }>,
): DataError {
  const sorted = [...wrong].sort(([a], [b]) => a - b);
  const list = sorted.slice(0, 5).map(([id, { count, first }]) => {
    return `${id} (${count} pixel${count > 1 ? 's' : ''}, first at x=${first % width} y=${Math.floor(first / width)})`;
  });
  const highest = (sorted.findLast(([id]) => id !== 255)?.[0] ?? -1) + 1;
  const options = [
    ...(wrong.has(255) ? ["255 usually means don't care: give --dont-care 255 to make it a class of its own"] : []),
    ...(highest ? [`--label-nc ${highest} would take every class id of this file`] : []),
  ];
  const advice = trained ? [`The net was trained on ${labelNc} classes`] : options;
  const problem = `label id ${list.join(', ')}${sorted.length > 5 ? ' …' : ''} outside 0…${labelNc - 1}`;
  return new DataError(problem, { file: path, fix: advice.join('; ') });
}

/** (v/255 − 0.5)/0.5 with every step rounded to float32, as torchvision computes it. */
const NORMALISED = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(v / 255) - 0.5) / 0.5);

/** Interleaved 8-bit samples → planes [channels, H, W] in [-1, 1]. */
export function toPlanes(samples: Uint8Array, channels = 3): Float32Array {
  const area = samples.length / channels;
  const planes = new Float32Array(samples.length);
  for (let i = 0, at = 0; i < area; i++) {
    for (let c = 0; c < channels; c++) planes[c * area + i] = NORMALISED[samples[at++]];
  }
  return planes;
}
