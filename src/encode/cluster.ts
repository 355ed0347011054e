// The typical styles of every class: what its regions have, clustered.

import { kmeans } from 'ml-kmeans';
import { createRng, nextUint32 } from '../data/rng.js';
import { labelChannels } from '../nets/encode-input.js';
import type { Manifest } from '../nets/manifest.js';

/** A region of a training picture. */
export interface RegionStyle {
  class: number;
  /** Its pixels, of a 32nd of the picture: as the reference writes it. */
  ratio: number;
  vector: readonly number[];
}

/** `pixels` of a picture of `area`. */
export const ratioOf = (pixels: number, area: number): number => pixels / Math.floor(area / 32);

/** Smaller than a 64th of its picture a region says little: its style is mostly that of its surroundings. */
const LEAST_RATIO = 0.5;

/** scikit-learn's defaults, as the reference uses them. */
const RESTARTS = 10;
const ITERATIONS = 300;

/** Styles lie in [−1, 1]; this keeps manifests short and tells equal vectors. */
const rounded = (vector: readonly number[]): number[] => vector.map((v) => Math.round(v * 1e6) / 1e6);

const distinct = (vectors: readonly number[][]): number => new Set(vectors.map(String)).size;

interface Clustering {
  /** Mean squared distance to the centre, times the vectors. */
  error: number;
  clusters: { centroid: number[]; size: number }[];
}

function clusterOnce(vectors: number[][], count: number, seed: number): Clustering {
  const result = kmeans(vectors, count, { seed, initialization: 'kmeans++', maxIterations: ITERATIONS });
  const clusters = result.computeInformation(vectors).filter(({ size }) => size > 0);
  return { clusters, error: clusters.reduce((sum, { error, size }) => sum + error * size, 0) };
}

const byCoordinates = (a: readonly number[], b: readonly number[]): number =>
  a.map((v, i) => v - b[i]!).find((difference) => difference !== 0) ?? 0;

/**
 * K-means (k-means++, the best of ten starts): at most `count` centres, fewer where there are fewer different vectors; the
 * one with most vectors first, so that number 0 is the most usual. The same vectors and seed give the same centres.
 */
export function centresOf(given: readonly (readonly number[])[], count: number, seed: number): number[][] {
  const vectors = given.map(rounded);
  const k = Math.min(count, distinct(vectors));
  if (k === 0) return [];
  const rng = createRng(seed);
  const starts = Array.from({ length: RESTARTS }, () => clusterOnce(vectors, k, nextUint32(rng)));
  const best = starts.reduce((a, b) => (b.error < a.error ? b : a));
  const order = [...best.clusters].sort((a, b) => b.size - a.size || byCoordinates(a.centroid, b.centroid));
  return order.map(({ centroid }) => rounded(centroid));
}

/** Classes of a net; one that takes RGB pictures has as many as `found`, the classes of its regions, tell. */
export const classCount = ({ encoding }: Manifest, found: Iterable<number>): number =>
  labelChannels(encoding) || Math.max(-1, ...found) + 1;

/** By class, the centres of its regions that are larger than 1/64 of their picture. */
export function typicalStyles(
  regions: readonly RegionStyle[],
  manifest: Manifest,
  { nClusters, seed }: { nClusters: number; seed: number },
): number[][][] {
  const large = regions.filter(({ ratio }) => ratio > LEAST_RATIO);
  const ofClass = (number: number) => large.filter((region) => region.class === number).map(({ vector }) => vector);
  const classes = classCount(manifest, new Set(regions.map((region) => region.class)));
  return Array.from({ length: classes }, (_, number) => centresOf(ofClass(number), nClusters, seed));
}
