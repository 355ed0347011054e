import type { Size } from '../data/resample.js';
import { UsageError } from '../errors.js';

/** `1024x512`. @throws UsageError */
export function sizeOf(text: string): Size {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!width || !height) throw new UsageError(`--size: got ${text}, wanted WIDTHxHEIGHT, such as 1024x512`);
  return { width, height };
}
