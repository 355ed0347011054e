import { type Dataset, prepared } from '../data/dataset.js';

/** What a painter without any net would do: every class in the mean colour it has in the training photos. */
export type ClassMeans = Float64Array;

/**
 * Mean colour of every class over all pixels of a data set with labels, interleaved RGB in 0…255. A class that never
 * occurs has the mean of everything.
 */
export async function classMeans(dataset: Dataset, classes: number): Promise<ClassMeans> {
  const sums = new Float64Array(3 * classes);
  const counts = new Float64Array(classes);
  for (const number of dataset.samples.keys()) {
    const { labels, image } = (await prepared(dataset, number)).pictures;
    labels!.forEach((id, i) => {
      counts[id]++;
      for (let c = 0; c < 3; c++) sums[3 * id + c] += image![3 * i + c];
    });
  }
  const all = counts.reduce((a, b) => a + b, 0);
  const overall = [0, 1, 2].map((c) => sums.reduce((sum, v, i) => (i % 3 === c ? sum + v : sum), 0) / all);
  return sums.map((sum, i) => (counts[Math.floor(i / 3)] ? sum / counts[Math.floor(i / 3)] : overall[i % 3]));
}

/** Labels [H, W] painted in those colours, interleaved 8-bit RGB. */
export function paintClassMeans(labels: Int32Array, means: ClassMeans): Uint8Array {
  const rgb = new Uint8Array(3 * labels.length);
  labels.forEach((id, i) => {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round(means[3 * id + c]);
  });
  return rgb;
}

/** Mean absolute difference of two 8-bit pictures, in levels of 0…255. */
export const meanL1 = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length;
