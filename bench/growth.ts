// Whether cost grows linearly with the picture: one layer, of 2,048 pixels up to 524,288.

import type { Case } from './cases.js';
import { flopsOf } from './cases.js';
import type { Engine } from './engine.js';
import { type Effort, interleaved } from './measure.js';
import { operandsOf } from './operands.js';

export interface Growth {
  /** Height × width. */
  size: string;
  ms: number;
  gflops: number;
}

const SIZES = [32, 64, 128, 256, 512];
/** The share of the best rate that every size is to keep. */
export const KEPT = 0.8;

const layerOf = (height: number): Case => ({
  name: `${height}×${2 * height}`,
  kind: 'conv',
  role: 'forward',
  x: [1, 64, height, 2 * height],
  w: [64, 64, 3, 3],
  padding: 1,
});

/** All sizes in the same rounds. */
export async function growthOf(ours: Engine, effort: Effort): Promise<Growth[]> {
  const layers = SIZES.map(layerOf);
  const ready = [];
  for (const layer of layers) {
    const one = (await ours.prepare(layer, operandsOf(layer)))!;
    await one.run();
    ready.push(one);
  }
  const times = await interleaved(ready, effort);
  for (const one of ready) one.close();
  return layers.map((layer, i) => ({ size: layer.name, ms: times[i]!, gflops: flopsOf(layer) / times[i]! / 1e6 }));
}

/** The lowest rate over the best one. */
export function keptOf(growth: readonly Growth[]): number {
  const rates = growth.map(({ gflops }) => gflops);
  return Math.min(...rates) / Math.max(...rates);
}
