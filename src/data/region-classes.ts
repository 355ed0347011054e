// The class of each instance: by the labels under it, or where there are none by its id.

import type { Regions } from './regions.js';

/** Cityscapes' convention: below 1000 an id is the class itself, from 1000 on class · 1000 + a number. */
export const classOfId = (id: number): number => (id < 1000 ? id : Math.floor(id / 1000));

/**
 * Classes of a picture's regions, in their order. With `labels` [H, W] it is the label that most of a region's pixels have,
 * the lower one of two equals: data sets number their instances as they like, and where ids follow Cityscapes' convention
 * the two agree. Without labels (RGB inputs) that convention is all there is.
 */
export function regionClasses(given: Regions, labels?: Int32Array): number[] {
  return labels ? majorityLabels(given, labels) : given.ids.map(classOfId);
}

interface Run {
  region: number;
  label: number;
  pixels: number;
}

/** Neighbours are mostly alike, so that counting runs is far less work than counting pixels. */
function* runs(regions: Int32Array, labels: Int32Array): Generator<Run> {
  for (let begin = 0, end = 0; begin < regions.length; begin = end) {
    const [region, label] = [regions[begin]!, labels[begin]!];
    while (end < regions.length && regions[end] === region && labels[end] === label) end++;
    yield { region, label, pixels: end - begin };
  }
}

function majorityLabels({ regions, ids }: Regions, labels: Int32Array): number[] {
  const pixels = ids.map(() => new Map<number, number>());
  for (const { region, label, pixels: more } of runs(regions, labels)) {
    const counts = pixels[region]!;
    counts.set(label, (counts.get(label) ?? 0) + more);
  }
  return pixels.map((counts) => [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0]![0]);
}
