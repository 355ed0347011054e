// What is drawn: a class and an object for every pixel. Everything here is plain data.

import type { Size } from '../../src/data/resample.js';
import type { Style } from '../../src/generate/styles.js';

/** Class ids and object ids [height, width]; files hold both in up to 16 bits. */
export interface Maps extends Size {
  labels: Uint16Array;
  instances: Uint16Array;
}

/** A picture in the making: maps, the styles that were chosen by id of object, and the seed of all others. */
export interface Drawing extends Maps {
  styles: Map<number, Style>;
  seed: number;
}

/** Half open: right and bottom are outside. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What a pixel is of. */
export interface Paint {
  label: number;
  instance: number;
}

export const LARGEST_ID = 65535;

export const copyMaps = ({ width, height, labels, instances }: Maps): Maps => ({
  width,
  height,
  labels: labels.slice(),
  instances: instances.slice(),
});

export const wholeBox = ({ width, height }: Size): Box => ({ left: 0, top: 0, right: width, bottom: height });

export const isEmpty = ({ left, top, right, bottom }: Box): boolean => left >= right || top >= bottom;

export const union = (a: Box | undefined, b: Box): Box =>
  a === undefined || isEmpty(a)
    ? b
    : isEmpty(b)
      ? a
      : {
          left: Math.min(a.left, b.left),
          top: Math.min(a.top, b.top),
          right: Math.max(a.right, b.right),
          bottom: Math.max(a.bottom, b.bottom),
        };

/** Grown by `margin` on every side, and cut at the picture's. */
export const grown = ({ left, top, right, bottom }: Box, margin: number, { width, height }: Size): Box => ({
  left: Math.max(0, Math.floor(left - margin)),
  top: Math.max(0, Math.floor(top - margin)),
  right: Math.min(width, Math.ceil(right + margin)),
  bottom: Math.min(height, Math.ceil(bottom + margin)),
});

/** The part of maps inside a box. */
export function cropMaps(maps: Maps, { left, top, right, bottom }: Box): Maps {
  const [width, height] = [right - left, bottom - top];
  const cut = (from: Uint16Array) => {
    const out = new Uint16Array(width * height);
    for (let y = 0; y < height; y++) {
      const start = (top + y) * maps.width + left;
      out.set(from.subarray(start, start + width), y * width);
    }
    return out;
  };
  return { width, height, labels: cut(maps.labels), instances: cut(maps.instances) };
}

/** Every `factor`-th pixel, from the middle of what it stands for. */
export function shrinkMaps(maps: Maps, factor: number): Maps {
  const width = Math.ceil(maps.width / factor);
  const height = Math.ceil(maps.height / factor);
  const half = Math.floor(factor / 2);
  const pick = (from: Uint16Array) => {
    const out = new Uint16Array(width * height);
    for (let y = 0, at = 0; y < height; y++) {
      const row = Math.min(y * factor + half, maps.height - 1) * maps.width;
      for (let x = 0; x < width; x++) out[at++] = from[row + Math.min(x * factor + half, maps.width - 1)]!;
    }
    return out;
  };
  return { width, height, labels: pick(maps.labels), instances: pick(maps.instances) };
}
