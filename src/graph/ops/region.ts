import { type Regions, regionMeansOf, regionSumsOf, spreadRegions } from '../../kernels/ids.js';
import { planeOf } from '../chunks.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { idMap } from './ids.js';
import { wholeNumber } from './options.js';

interface Derived {
  derive(data: Int32Array): Int32Array;
}

const derivedOp: Op<Derived> = { name: 'derived', source: 'derived' };

/** An i32 tensor that the host computes at every run from what was fed to the input `origin`. */
export const derived = (origin: Tensor, shape: readonly number[], derive: Derived['derive']): Tensor =>
  apply(derivedOp, [origin], { derive }, { shape, dtype: 'i32' })[0]!;

/** Pixels that one thread adds up. */
const SEGMENT = 256;

/** Where the three lists of a sample's table begin; they are described in region-sums.wgsl. */
function layoutOf(channels: number, area: number, count: number): Regions {
  // Each region has at most one segment that is not full.
  const segments = count + Math.ceil(area / SEGMENT);
  const regionsAt = area + 2 * segments;
  return { channels, area, count, segments, regionsAt, tableLength: regionsAt + 3 * count };
}

/** The table of one sample, whose ids are 0…count−1: its pixels sorted by region, cut into segments, and each region's share of both. */
function regionTable(ids: Int32Array, { count, area, regionsAt, tableLength }: Regions): Int32Array {
  const table = new Int32Array(tableLength);
  const pixels = new Int32Array(count);
  for (const region of ids) pixels[region]!++;
  const next = new Int32Array(count);
  let begin = 0;
  let segment = 0;
  pixels.forEach((size, region) => {
    next[region] = begin;
    const first = segment;
    for (let at = begin; at < begin + size; at += SEGMENT) {
      table.set([at, Math.min(at + SEGMENT, begin + size)], area + 2 * segment++);
    }
    table.set([first, segment, size], regionsAt + 3 * region);
    begin += size;
  });
  ids.forEach((region, pixel) => {
    table[next[region]!++] = pixel;
  });
  return table;
}

/** The samples' tables, one after another. Refuses ids that are none of the regions. */
function tablesOf(ids: Int32Array, samples: number, layout: Regions): Int32Array {
  const { area, count, tableLength } = layout;
  const isBad = (id: number) => id < 0 || id >= count;
  if (ids.some(isBad)) {
    const bad = ids.findIndex(isBad);
    const where = `regions: pixel ${bad % area} of sample ${Math.floor(bad / area)}`;
    refuse('regionMean', where, ids[bad], `0…${count - 1} (count is ${count})`);
  }
  const tables = new Int32Array(samples * tableLength);
  for (let n = 0; n < samples; n++) {
    tables.set(regionTable(ids.subarray(n * area, (n + 1) * area), layout), n * tableLength);
  }
  return tables;
}

function lower({ inputs, outputs, attrs }: Node<Regions>, plan: Lowering): Launch[] {
  const [x, regions, table] = inputs as [Tensor, Tensor, Tensor];
  const y = outputs[0]!;
  const planes = x.shape.slice(0, 2);
  const sums = plan.scratch([...planes, attrs.segments]);
  const means = plan.scratch([...planes, attrs.count]);
  return [
    ...launchPlanes(plan, { x, table, sums }, (range) => regionSumsOf(range, attrs)),
    ...launchPlanes(plan, { sums, table, means }, (range) => regionMeansOf(range, attrs)),
    ...launchPlanes(plan, { means, regions, y }, (range) => spreadRegions(range, attrs)),
  ];
}

const regionMeanOp: Op<Regions> = { name: 'regionMean', lower };

/** The op on a table that exists: forward and, since the map is its own adjoint, backward. */
export const meanOver = (x: Tensor, regions: Tensor, table: Tensor, layout: Regions): Tensor =>
  apply(regionMeanOp, [x, regions, table], layout, { shape: x.shape })[0]!;

/**
 * Every pixel becomes the mean of its channel over the pixels of the same sample and region. The host sorts the pixels by
 * region at every run, so that the sums have one order.
 * @param x f32 [N, C, H, W] @param regions i32 [N, 1, H, W], an `input` fed with 0…count−1: a run refuses other ids
 */
export function regionMean(x: Tensor, regions: Tensor, count: number): Tensor {
  const op = 'regionMean';
  const [n, channels, height, width] = operand(op, 'x', x, { rank: 4 }).shape as [number, number, number, number];
  idMap(op, 'regions', regions);
  if (regions.shape.join() !== [n, 1, height, width].join()) {
    refuse(op, 'regions', regions.shape, `[${n}, 1, ${height}, ${width}], the pixels of x`);
  }
  if (regions.node.op.source !== 'input') refuse(op, 'regions', `the result of ${regions.node.op.name}`, 'an input()');
  const layout = layoutOf(channels, planeOf(x.shape), wholeNumber(op, 'count', count, 1));
  const derive = (ids: Int32Array) => tablesOf(ids, n, layout);
  return meanOver(x, regions, derived(regions, [n, 1, layout.tableLength], derive), layout);
}
