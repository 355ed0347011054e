// What a program is made of and where its time goes, as data and as text.

import type { ProgramStats } from './stats.js';

export interface KernelStats {
  op: string;
  candidate: string;
  /** Of the op's first output. */
  shape: readonly number[];
  workgroups: number;
  flops: number;
  bytes: number;
}

/** A dispatch with the milliseconds it took; `at` is when it began, from the first one's begin, where timestamps tell. */
export type KernelTime = KernelStats & { ms: number; at?: number };

/** 0: silent. 1: a line per compiled program. 2: its kernels and shapes. 3: the time of every kernel, at every run. */
export type DebugLevel = 0 | 1 | 2 | 3;

/** The level asked for, else that of the environment variable PIX2PIXHD_DEBUG where there is an environment. */
function debugLevel(asked: DebugLevel | undefined): number {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return asked ?? Number(process?.env?.PIX2PIXHD_DEBUG ?? 0);
}

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function summary(stats: ProgramStats): string {
  const { dispatches, pipelines, submits, peakBytes, lowerBoundBytes, variableBytes, flops } = stats;
  return [
    `${dispatches} dispatches in ${submits} submits, ${pipelines} pipelines, ${(flops / 1e9).toFixed(3)} GFLOP`,
    `memory ${mib(peakBytes)} (bound ${mib(lowerBoundBytes)}), variables ${mib(variableBytes)}`,
  ].join('; ');
}

/** Times added up over equal kernels on equal shapes, the slowest first. */
function grouped(rows: readonly (KernelStats & { ms?: number })[]) {
  const groups = new Map<
    string,
    { name: string; shape: string; count: number; ms: number; flops: number; bytes: number }
  >();
  for (const { op, candidate, shape, ms = 0, flops, bytes } of rows) {
    const name = `${op}.${candidate}`;
    const key = `${name} ${shape.join()}`;
    const group = groups.get(key) ?? { name, shape: `[${shape.join(', ')}]`, count: 0, ms: 0, flops: 0, bytes: 0 };
    groups.set(key, {
      ...group,
      count: group.count + 1,
      ms: group.ms + ms,
      flops: group.flops + flops,
      bytes: group.bytes + bytes,
    });
  }
  return [...groups.values()].sort((a, b) => b.ms - a.ms || b.flops - a.flops);
}

/** A table of kernels: how often, shape, and – where there are times – ms, share, GF/s and GB/s. */
export function profileText(rows: readonly (KernelStats & { ms?: number })[]): string {
  const timed = rows.some(({ ms }) => ms !== undefined);
  const total = rows.reduce((sum, { ms = 0 }) => sum + ms, 0);
  return grouped(rows)
    .map(({ name, shape, count, ms, flops, bytes }) => {
      const rates = `${(flops / ms / 1e6).toFixed(1).padStart(7)} GF/s ${(bytes / ms / 1e6).toFixed(2).padStart(6)} GB/s`;
      const time = timed
        ? `${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${rates}`
        : '';
      return `${String(count).padStart(5)} × ${name.padEnd(34)} ${shape.padEnd(22)}${time}`;
    })
    .join('\n');
}

/** Says what was compiled, at the level asked for, which it returns. */
export function announced(stats: ProgramStats, asked: DebugLevel | undefined): number {
  const level = debugLevel(asked);
  if (level >= 1) console.log(`compiled: ${summary(stats)}`);
  if (level === 2) console.log(profileText(stats.kernels));
  return level;
}
