// Timing: in rounds through all engines, so that what else the machine does falls on all of them.

import type { Prepared } from './engine.js';

export interface Effort {
  rounds: number;
  /** An engine is left out of further rounds after this time and at least `least` of them. */
  budgetMs: number;
  least: number;
}

export const EFFORTS = {
  quick: { rounds: 9, budgetMs: 800, least: 1 },
  normal: { rounds: 15, budgetMs: 6000, least: 3 },
} satisfies Record<string, Effort>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Whether an engine takes part in one more round. */
export const isDue = (taken: readonly number[], { budgetMs, least }: Effort): boolean =>
  taken.length < least || total(taken) < budgetMs;

/** Median milliseconds of each, all warmed before. */
export async function interleaved(all: readonly Pick<Prepared, 'run'>[], effort: Effort): Promise<number[]> {
  const taken = all.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round++) {
    for (const [i, one] of all.entries()) if (isDue(taken[i]!, effort)) taken[i]!.push(await timed(() => one.run()));
  }
  return taken.map(median);
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(total(values.map(Math.log)) / values.length);
