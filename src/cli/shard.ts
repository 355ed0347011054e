import { UsageError } from '../errors.js';
import type { Shard } from '../generate/folder.js';

/** `0/8` … `7/8`. @throws UsageError for any other text */
export function shardOf(text: string): Shard {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new UsageError(`--shard: got ${text}, wanted I/N with I from 0 to N-1`, {
    fix: 'Of eight commands the first gets --shard 0/8 and the last --shard 7/8',
  });
}
