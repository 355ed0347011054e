// A batch as the programs of a training take it.

import type { Batch } from '../data/dataset.js';
import { denseRegions, regionCapacity } from '../data/regions.js';
import type { Feeds } from '../engine.js';
import type { Encoding, Extent } from '../nets/encode-input.js';

/** Batch, height, width, and how many regions the styles have room for; 0 without. */
export type Size = readonly [...Extent, regions: number];

/** Feeds under the names of the programs' inputs, for a program of that size. */
export interface SizedFeeds {
  size: Size;
  feeds: Feeds;
}

/** Instances or labels of every picture numbered from 0. */
function regionsOf({ labels, instances, count }: Batch, by: 'instance' | 'label') {
  const ids = by === 'label' ? labels! : instances!;
  const area = ids.length / count;
  const all = Array.from({ length: count }, (_, n) => denseRegions(ids.subarray(n * area, (n + 1) * area)));
  const regions = new Int32Array(ids.length);
  all.forEach((sample, n) => void regions.set(sample.regions, n * area));
  return { regions, capacity: regionCapacity(Math.max(...all.map((sample) => sample.ids.length))) };
}

/**
 * Conditioning, and where the generator takes styles what they come from: with `learned`, the photo and its regions, else the data set's
 * own `features`.
 */
export function conditionFeeds(batch: Batch, { features }: Encoding, learned: boolean): SizedFeeds {
  const { labels, input, instances, count, height, width } = batch;
  const feeds: Feeds = { ...(labels ? { labels } : { input: input! }), ...(instances ? { instances } : {}) };
  if (!features) return { feeds, size: [count, height, width, 0] };
  if (!learned) return { feeds: { ...feeds, features: batch.features! }, size: [count, height, width, 0] };
  const { regions, capacity } = regionsOf(batch, features.by);
  return { feeds: { ...feeds, regions, image: batch.image! }, size: [count, height, width, capacity] };
}
