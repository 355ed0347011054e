// A run's folder without a training.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSheet } from '../../src/data/sheet.js';

export const LABEL = [250, 200, 10];
export const PAINTED = [20, 90, 200];
export const REAL = [10, 160, 60];

export function addSteps(root: string, from: number, to: number, more: object = {}): void {
  for (let step = from; step <= to; step++) {
    const record = { step, epoch: Math.ceil(step / 4), lr: 2e-4, G_GAN: 1 / step, time: Date.now(), ...more };
    appendFileSync(join(root, 'log.jsonl'), `${JSON.stringify(record)}\n`);
  }
}

/** Two rows of one colour a picture. */
export function addSheet(root: string, step: number): void {
  const tile = ([r, g, b]: number[]) => {
    const rgb = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => [r!, g!, b!][i % 3]!);
    return { width: 16, height: 8, rgb };
  };
  const row = [LABEL, PAINTED, REAL].map(tile);
  writeFileSync(join(root, 'samples', `step-${step}.png`), encodeSheet([row, row]));
}

export function makeRun(folder: string, name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'samples'), { recursive: true });
  writeFileSync(join(root, 'config.json'), JSON.stringify({ ngf: 4, niter: 3, niterDecay: 2, batchSize: 2 }));
  addSteps(root, 1, 6);
  addSheet(root, 3);
  addSheet(root, 6);
  return root;
}
