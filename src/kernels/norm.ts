import apply from '../../shaders/instance-norm.wgsl';
import gradient from '../../shaders/instance-norm-grad.wgsl';
import gradientMerge from '../../shaders/instance-norm-grad-merge.wgsl';
import gradientPlane from '../../shaders/instance-norm-grad-plane.wgsl';
import gradientSums from '../../shaders/instance-norm-grad-sums.wgsl';
import merge from '../../shaders/instance-norm-merge.wgsl';
import forwardPlane from '../../shaders/instance-norm-plane.wgsl';
import statistics from '../../shaders/instance-norm-statistics.wgsl';
import type { Adapter } from './conv.js';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';

/** Planes of a sample that keep every core of a CPU busy with a workgroup each. */
const ENOUGH_PLANES = 16;

/**
 * Candidate that a device starts with: `plane`, a workgroup a plane, or `lanes`, which splits planes as a GPU needs it. It
 * looks at the planes of one sample, never at how they are bound nor at the batch: split and unsplit programs give the same bits, and so
 * does a sample by itself.
 */
export const normPrior = (planes: number, { kind }: Adapter): string =>
  kind === 'cpu' && planes >= ENOUGH_PLANES ? 'plane' : 'lanes';

// ---- lanes

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

// ---- plane

/** Threads of a workgroup, and Values that each takes into registers at a time. */
const THREADS = 8;
const BLOCK = 8;

/** A workgroup a plane, on vec4 where all planes begin with a whole one. The bases of the wide operands count Values. */
function wholePlanes(
  { bases, ...planes }: PlaneRange,
  area: number,
  wide: readonly string[],
  work: Pick<Kernel, 'name' | 'source' | 'constants' | 'params'> & { flopsPerElement: number },
): Kernel {
  const width = area % 4 === 0 ? 4 : 1;
  const scaled = Object.entries(bases).map(([name, base]) => [name, wide.includes(name) ? base / width : base]);
  const { flopsPerElement, constants, params, ...named } = work;
  const kernel = planewise(
    { ...planes, bases: Object.fromEntries(scaled) },
    {
      ...named,
      itemsPerPlane: area / width,
      flopsPerItem: flopsPerElement * width,
      constants: { ...constants, WG: THREADS, BLOCK, Value: width === 4 ? 'vec4f' : 'f32' },
      params: { area, items: area / width, ...params },
    },
  );
  const scalar = { added: 'fn added(v: Value) -> f32 { return v; }' };
  return { ...kernel, ...(width === 1 ? { hooks: scalar } : {}), workgroups: planes.p1 - planes.p0 };
}

/** x, y, statistics. */
export const instanceNormPlane = (range: PlaneRange, area: number, eps: number): Kernel =>
  wholePlanes(range, area, ['xBase', 'yBase'], {
    name: 'instanceNorm.plane',
    source: forwardPlane,
    constants: { WIDTH: area % 4 === 0 ? 4 : 1 },
    params: { eps },
    flopsPerElement: 6,
  });

/** dy, x, statistics, dx. */
export const instanceNormGradPlane = (range: PlaneRange, area: number): Kernel =>
  wholePlanes(range, area, ['dyBase', 'xBase', 'dxBase'], {
    name: 'instanceNormGrad.plane',
    source: gradientPlane,
    constants: {},
    params: {},
    flopsPerElement: 11,
  });
