// What the page and its painting worker say to each other.

import type { Image } from '../../src/data/image.js';
import type { Style } from '../../src/generate/styles.js';
import type { Manifest } from '../../src/nets/manifest.js';
import type { Call } from '../../src/web/calls.js';
import type { Reason } from '../../src/web/why-not.js';
import type { Box, Drawing, Maps } from '../document/maps.js';

export interface Model {
  manifest: Manifest;
  canEncode: boolean;
  /** What computes, for people. */
  adapter: string;
}

export interface PaintRequest {
  maps: Maps;
  styles: ReadonlyMap<number, Style>;
  seed: number;
  /** Coarse, and only where something changed; without it the whole picture, in full. */
  preview?: Box;
}

export interface Painted {
  ms: number;
  /** Pixels of the map that one of the net's stood for. */
  factor: number;
  /** Whether the device was lost, and opened again, on the way. */
  recovered: boolean;
}

/** Every call is answered with its result, or an error in words. */
export interface Painter {
  /** A checkpoint's bytes, or its address beside the page. */
  load(file: ArrayBuffer | string, name: string): Promise<Model>;
  paint(request: PaintRequest): Promise<Painted>;
  /** Makes what the first preview needs, which else would wait for it, and shows nothing. */
  prepare(request: PaintRequest): Promise<void>;
  /** A small picture, beside the one that is shown. */
  thumbnail(request: PaintRequest): Promise<ImageBitmap>;
  /** The picture's pixels, in full. */
  picture(request: PaintRequest): Promise<ImageData>;
  /** A PNG's pixels; packing and unpacking would keep the page from its pen, and are much to load twice. */
  readPng(bytes: Uint8Array, name: string): Promise<Image>;
  /** The drawing in a project's file. */
  readProject(bytes: Uint8Array, name: string, classes: number): Promise<Drawing>;
  /** The drawing as a project's file. */
  project(drawing: Drawing): Promise<Uint8Array<ArrayBuffer>>;
  /** Its maps as PNG files. */
  mapFiles(maps: Maps): Promise<Record<'labels' | 'instances', Uint8Array<ArrayBuffer>>>;
  /** Styles of a photo's regions by the ids in `instances`. */
  encode(photo: ImageData, ids: Uint16Array): Promise<Map<number, number[]>>;
}

/** What the worker answers before it has a canvas: what keeps it from painting. */
export interface Doctor {
  whyNot(): Promise<Reason | undefined>;
}

/** A canvas makes a painter of the worker. */
export type ToWorker = { canvas: OffscreenCanvas } | Call<keyof Painter | keyof Doctor>;

/** How much is there of a checkpoint, in bytes, or of the kernels that a picture needs and the device has to compile first. */
export interface Progress {
  what: 'file' | 'kernels';
  done: number;
  total?: number;
}
