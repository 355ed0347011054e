// Instance ids as a net takes them: numbered from 0 in every picture.

/** Regions of a picture: `regions` [H, W] numbers them from 0 in the order of their `ids`; `counts` are their pixels. */
export interface Regions {
  regions: Int32Array;
  ids: number[];
  counts: number[];
}

/** @param ids instance ids (or labels) [H, W] */
export function denseRegions(ids: Int32Array): Regions {
  const pixels = new Map<number, number>();
  for (const id of ids) pixels.set(id, (pixels.get(id) ?? 0) + 1);
  const sorted = [...pixels.keys()].sort((a, b) => a - b);
  const numbers = new Map(sorted.map((id, number) => [id, number]));
  return { regions: ids.map((id) => numbers.get(id)!), ids: sorted, counts: sorted.map((id) => pixels.get(id)!) };
}

const LEAST_CAPACITY = 64;

/** Regions that a program has room for: a power of two, so that pictures with more or fewer instances share programs. */
export const regionCapacity = (count: number): number => Math.max(LEAST_CAPACITY, 2 ** Math.ceil(Math.log2(count)));
