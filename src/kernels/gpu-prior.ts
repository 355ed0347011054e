import type { Adapter, ConvTile } from './conv.js';

/**
 * Tiles of workgroups that a vendor's GPUs start with, the widest first; the tuner may know better. Eight by eight sums a thread
 * (128×64) load least, and need registers for it: an Intel thread has 128 of 8 floats, which are 64 a lane where it runs 16 lanes. Where nothing is
 * known of a GPU, as on phones with 16 KiB of workgroup memory, small tiles leave room for several workgroups.
 */
const LADDERS: Readonly<Record<string, readonly string[]>> = {
  nvidia: ['tiles-128x64', 'tiles-32x32'],
  amd: ['tiles-128x64', 'tiles-32x32'],
  apple: ['tiles-128x64', 'tiles-32x32'],
  intel: ['tiles-64x64', 'tiles-32x32'],
};
const UNKNOWN = ['tiles-32x32'];

/** Output channels from which tiles of 64 rows are not mostly empty. */
const WIDE = 48;
/** Fewer fill no tile of 32 rows by half: a thread then computes all channels of its pixels. */
const LEAST_ROWS = 16;

/** The tiles that a GPU starts with, if it does with any. Winograd is never first: no measurement on a GPU says that it pays there. */
export function tilePrior({ kind, vendor }: Pick<Adapter, 'kind' | 'vendor'>, outputs: number): string | undefined {
  if (kind === 'cpu' || outputs < LEAST_ROWS) return undefined;
  const ladder = LADDERS[vendor.toLowerCase()] ?? UNKNOWN;
  return ladder[outputs >= WIDE ? 0 : ladder.length - 1];
}

/** The tile of `direct` where a page starts with none of these: on a CPU adapter fewer sums are compiled sooner. */
export function pageTile({ kind }: Pick<Adapter, 'kind'>, outputs: number): ConvTile {
  const px = kind === 'gpu' ? 8 : 4;
  return { px, oc: Math.min(px, outputs) };
}
