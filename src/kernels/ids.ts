import border from '../../shaders/border.wgsl';
import edgesSource from '../../shaders/edges.wgsl';
import oneHot from '../../shaders/one-hot.wgsl';
import regionMean from '../../shaders/region-mean.wgsl';
import regionSpread from '../../shaders/region-spread.wgsl';
import regionSums from '../../shaders/region-sums.wgsl';
import type { Kernel } from './kernel.js';
import { type PlaneRange, planewise } from './planes.js';
import { joined } from './wgsl.js';

const EDGES = /* @__PURE__ */ joined(edgesSource, border);

/** ids, y. */
export const oneHotPlanes = (range: PlaneRange, area: number, classes: number): Kernel => {
  const lanes = area % 4 === 0 ? 4 : 1;
  return planewise(range, {
    name: 'oneHot.compare',
    source: oneHot,
    itemsPerPlane: area / lanes,
    flopsPerItem: 0,
    constants: lanes === 1 ? { LANES: 1, Ids: 'i32', Value: 'f32' } : {},
    params: { area: area / lanes, classes },
  });
};

/** ids, y. */
export const edgesOf = (range: PlaneRange, height: number, width: number): Kernel =>
  planewise(range, {
    name: 'instanceEdges.compare',
    source: EDGES,
    itemsPerPlane: height * width,
    flopsPerItem: 0,
    params: { height, width },
  });

/** Sizes of a region mean; the table of a sample is laid out in region-sums.wgsl. */
export interface Regions {
  channels: number;
  area: number;
  count: number;
  segments: number;
  /** Entries of a sample's table. */
  tableLength: number;
  /** Where in it the list of regions begins. */
  regionsAt: number;
}

/** x, table, sums. */
export const regionSumsOf = (range: PlaneRange, { channels, area, segments, tableLength }: Regions): Kernel =>
  planewise(range, {
    name: 'regionMean.sorted.sums',
    source: regionSums,
    itemsPerPlane: segments,
    flopsPerItem: area / segments,
    params: { channels, area, segments, tableLength },
  });

/** sums, table, means. */
export const regionMeansOf = (range: PlaneRange, regions: Regions): Kernel => {
  const { channels, segments, count, regionsAt, tableLength } = regions;
  return planewise(range, {
    name: 'regionMean.sorted.means',
    source: regionMean,
    itemsPerPlane: count,
    flopsPerItem: segments / count + 1,
    params: { channels, segments, count, regionsAt, tableLength },
  });
};

/** means, regions, y. */
export const spreadRegions = (range: PlaneRange, { channels, area, count }: Regions): Kernel =>
  planewise(range, {
    name: 'regionMean.sorted.spread',
    source: regionSpread,
    itemsPerPlane: area,
    flopsPerItem: 0,
    params: { channels, area, count },
  });
