import { type Encoding, labelChannels } from '../src/nets/encode-input.js';
import type { Drawing } from './document/maps.js';

const SIDE = 256;

/** Something of every class, where nothing else is there to begin with: stripes that lean. */
export function starter(encoding: Encoding): Drawing {
  const classes = labelChannels(encoding);
  const labels = new Uint16Array(SIDE * SIDE);
  for (let y = 0, i = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, i++) labels[i] = Math.floor((((2 * x + y) / 2) % SIDE) / (SIDE / classes)) % classes;
  }
  return { width: SIDE, height: SIDE, labels, instances: labels.slice(), styles: new Map(), seed: 1 };
}
