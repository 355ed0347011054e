import gradientPlane from '../../shaders/instance-norm-grad-plane.wgsl';
import forwardPlane from '../../shaders/instance-norm-plane.wgsl';
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
