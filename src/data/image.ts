import { DataError } from '../errors.js';

/**
 * A decoded picture: interleaved samples as stored, never scaled. `depth` is bits per sample (16 comes as Uint16Array,
 * less than 8 one sample a byte); with a `palette` the one channel holds indices. `exact` is false for formats that
 * change values when saving (JPEG, WebP), which therefore cannot hold ids. `notes` are oddities that do no harm here but
 * may surprise: the data check tells them.
 */
export type Image = {
  width: number;
  height: number;
  channels: number;
  depth: number;
  data: Uint8Array | Uint16Array;
  palette?: number[][];
  exact: boolean;
  notes: string[];
  path: string;
};

/** 8192 × 8192. A larger picture is refused by its header, before anything is decompressed. */
export const MAX_PIXELS = 1 << 26;

export type Limits = { maxPixels?: number };

/** Throws DataError where a header promises no pixels or more than allowed. */
export function checkSize(path: string, width: number, height: number, { maxPixels = MAX_PIXELS }: Limits): void {
  if (width < 1 || height < 1) throw new DataError(`a picture of ${width}×${height} pixels`, { file: path });
  if (width * height > maxPixels) {
    const fix = 'Cut it into tiles or make it smaller';
    throw new DataError(`${width}×${height} pixels, the limit is ${maxPixels}`, { file: path, fix });
  }
}

/**
 * Interleaved 8-bit RGB of any picture: grey is repeated, indices become their colours, alpha is dropped (Pillow's
 * convert('RGB')), 16 bits keep the high byte, 1 to 4 bits are stretched to 0…255.
 */
export function toRgb(image: Image): Uint8Array {
  const { width, height, channels, data, palette } = image;
  if (channels === 3 && data instanceof Uint8Array) return data;
  const rgb = new Uint8Array(width * height * 3);
  const colourAt = palette ? paletteColour(image, palette) : sampleColour(image);
  for (let i = 0, at = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgb[at++] = colourAt(i * channels, c);
  }
  return rgb;
}

const alphaOf = ({ data, depth, channels, palette }: Image, i: number): number =>
  palette || channels % 2 === 1 ? 255 : data[i * channels + channels - 1] >> (depth === 16 ? 8 : 0);

/** Pillow's luma of 8-bit RGB. */
const luma = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/**
 * Interleaved 8-bit samples in the channels that a net takes: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Colour becomes grey as in Pillow's
 * convert('L'), a picture without alpha is opaque.
 */
export function toChannels(image: Image, channels: number): Uint8Array {
  const rgb = toRgb(image);
  if (channels === 3) return rgb;
  const area = image.width * image.height;
  const out = new Uint8Array(area * channels);
  for (let i = 0, at = 0; i < area; i++) {
    const colour = [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]] as const;
    for (const value of channels < 3 ? [luma(...colour)] : colour) out[at++] = value;
    if (channels % 2 === 0) out[at++] = alphaOf(image, i);
  }
  return out;
}

type ColourAt = (index: number, channel: number) => number;

function paletteColour({ data, path }: Image, palette: number[][]): ColourAt {
  return (index, channel) => {
    const colour = palette[data[index]];
    if (!colour) throw new DataError(`index ${data[index]} is past the palette of ${palette.length}`, { file: path });
    return colour[channel];
  };
}

function sampleColour({ channels, data, depth }: Image): ColourAt {
  const grey = channels < 3;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const shift = depth === 16 ? 8 : 0;
  return (index, channel) => (data[index + (grey ? 0 : channel)] >> shift) * scale;
}
