import apply from '../../shaders/instance-norm.wgsl';
import gradient from '../../shaders/instance-norm-grad.wgsl';
import gradientMerge from '../../shaders/instance-norm-grad-merge.wgsl';
import gradientSums from '../../shaders/instance-norm-grad-sums.wgsl';
import merge from '../../shaders/instance-norm-merge.wgsl';
import statistics from '../../shaders/instance-norm-statistics.wgsl';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

// Instance norms by the candidate `lanes`: many threads share a plane. Those of a workgroup a plane are in norm-plane.ts.

/** Elements of a lane in planes of up to 32,768; beyond that 512 lanes share the plane. */
const LANE = 64;
const MOST_LANES = 512;
/** Elements a thread normalises. 64 planes of 64 × 64 take 1.5 ms with 8, 2.1 with 4, 4.3 with 1 (lavapipe, two cores). */
const TILE = 8;

/** Threads that share the sums of one plane; whole vectors of 8 where there are that many. It decides the bits. */
export function lanesOf(area: number): number {
  const lanes = Math.ceil(area / LANE);
  return Math.min(MOST_LANES, lanes < 8 ? lanes : Math.ceil(lanes / 8) * 8);
}

/** x, partial → (mean, M2) of every lane. */
export const instanceNormStatistics = (range: PlaneRange, area: number): Kernel =>
  planewise(range, {
    name: 'instanceNorm.lanes.statistics',
    source: statistics,
    itemsPerPlane: lanesOf(area),
    flopsPerItem: (4 * area) / lanesOf(area),
    params: { area, lanes: lanesOf(area) },
  });

/** partial, statistics → mean and 1/σ of every plane. */
export const instanceNormMerge = (range: PlaneRange, area: number, eps: number): Kernel =>
  planewise(range, {
    name: 'instanceNorm.lanes.merge',
    source: merge,
    itemsPerPlane: 1,
    flopsPerItem: 7 * lanesOf(area),
    params: { area, lanes: lanesOf(area), eps },
  });

/** x, statistics, y. */
export const instanceNormApply = (range: PlaneRange, area: number): Kernel =>
  planewise(range, {
    name: 'instanceNorm.lanes.apply',
    source: apply,
    constants: { TILE },
    itemsPerPlane: Math.ceil(area / TILE),
    flopsPerItem: 2 * TILE,
    params: { area },
  });

/** dy, x, statistics, partial → Σdy and Σdy·x̂ of every lane. */
export const instanceNormGradSums = (range: PlaneRange, area: number): Kernel =>
  planewise(range, {
    name: 'instanceNormGrad.lanes.sums',
    source: gradientSums,
    itemsPerPlane: lanesOf(area),
    flopsPerItem: (5 * area) / lanesOf(area),
    params: { area, lanes: lanesOf(area) },
  });

/** partial, means → the means of dy and dy·x̂ of every plane. */
export const instanceNormGradMerge = (range: PlaneRange, area: number): Kernel =>
  planewise(range, {
    name: 'instanceNormGrad.lanes.merge',
    source: gradientMerge,
    itemsPerPlane: 1,
    flopsPerItem: 2 * lanesOf(area),
    params: { area, lanes: lanesOf(area) },
  });

/** dy, x, statistics, means, dx. */
export const instanceNormGradApply = (range: PlaneRange, area: number): Kernel =>
  planewise(range, {
    name: 'instanceNormGrad.lanes.apply',
    source: gradient,
    constants: { TILE },
    itemsPerPlane: Math.ceil(area / TILE),
    flopsPerItem: 6 * TILE,
    params: { area },
  });
