import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatasetOptions } from '../../src/data/dataset.js';
import { greyPng, makePng } from './make-png.js';

/** Files by path below a root; folders come into being. */
export function writeFiles(root: string, files: Record<string, Uint8Array | string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export const W = 6;
export const H = 4;
const fill = (value: number, count = W * H) => new Array<number>(count).fill(value);

export const label = (...ids: number[]): Uint8Array => greyPng(W, H, [...ids, ...fill(0)]);
export const instances = (...ids: number[]): Uint8Array => greyPng(W, H, [...ids, ...fill(1)], 16);
export const photo = (value = 100, width = W, height = H): Uint8Array =>
  makePng({ width, height, depth: 8, colour: 2, samples: fill(value, width * height * 3) });

/** A good set of three samples of 6×4; `change` adds or replaces files, null removes one. */
export function goodSet(change: Record<string, Uint8Array | string | null> = {}): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string | null> = {};
  for (const name of ['a', 'b', 'c']) {
    files[`train_label/${name}.png`] = label(1, 2);
    files[`train_inst/${name}.png`] = instances(26001, 26002);
    files[`train_img/${name}.png`] = photo();
  }
  const kept = Object.entries({ ...files, ...change }).filter(([, content]) => content !== null);
  return Object.fromEntries(kept) as Record<string, Uint8Array | string>;
}

export const OPTIONS: DatasetOptions = {
  phase: 'train',
  labelNc: 3,
  noInstance: false,
  inputNc: 3,
  outputNc: 3,
  featNum: 3,
  images: true,
  loadFeatures: false,
  resizeOrCrop: 'crop',
  loadSize: 6,
  fineSize: 64,
  multiple: 2,
  noFlip: true,
  batchSize: 1,
  serialBatches: true,
  maxDatasetSize: Number.POSITIVE_INFINITY,
  cacheBytes: 2 ** 20,
};
