// Whether cost grows linearly with the picture: one layer, of 2,048 pixels up to 524,288.

import type { Case } from './cases.js';
import { flopsOf } from './cases.js';
import type { Engine, Prepared } from './engine.js';
import { type Effort, interleaved } from './measure.js';
import { operandsOf } from './operands.js';

export interface Growth {
  /** Height × width. */
  size: string;
  ms: number;
  gflops: number;
}

const SIZES = [32, 64, 128, 256, 512];
const EFFORT: Effort = { rounds: 7, budgetMs: Number.POSITIVE_INFINITY, least: 1 };
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

/** Runs in a round: those of small pictures are over before what else the machine does has averaged out. */
const runsOf = (height: number): number => Math.max(1, (SIZES[3]! / height) ** 2);

/** Queued one behind the other, as layers of a net are: what a single one waits for its end does not grow with the picture. */
async function repeated({ run }: Pick<Prepared, 'run'>, times: number): Promise<void> {
  await Promise.all(Array.from({ length: times }, run));
}

/** All sizes in the same rounds. */
export async function growthOf(ours: Engine): Promise<Growth[]> {
  const layers = SIZES.map(layerOf);
  const ready = [];
  for (const layer of layers) {
    const one = (await ours.prepare(layer, operandsOf(layer)))!;
    await one.run();
    ready.push(one);
  }
  const rounds = ready.map((one, i) => ({ run: () => repeated(one, runsOf(SIZES[i]!)) }));
  const times = await interleaved(rounds, EFFORT);
  for (const one of ready) one.close();
  return layers.map((layer, i) => {
    const ms = times[i]! / runsOf(SIZES[i]!);
    return { size: layer.name, ms, gflops: flopsOf(layer) / ms / 1e6 };
  });
}

/** The lowest rate over the best one. */
export function keptOf(growth: readonly Growth[]): number {
  const rates = growth.map(({ gflops }) => gflops);
  return Math.min(...rates) / Math.max(...rates);
}
