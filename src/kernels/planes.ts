import { groupsFor, type Kernel } from './kernel.js';

/** Planes p0 … p1 − 1 of all operands, and the element each operand's binding begins with (`xBase` for x). */
export interface PlaneRange {
  p0: number;
  p1: number;
  bases: Record<string, number>;
}

export interface Planewise {
  name: string;
  source: string;
  /** One thread computes one item. */
  itemsPerPlane: number;
  /** Builds for pages leave it out: there it would be for cutting submits alone, and bytes outweigh it. */
  flopsPerItem?: number;
  constants?: Kernel['constants'];
  params: Kernel['params'];
}

/** A kernel whose threads run over the items of a range of planes; its shader has `first`, `planes` and the bases. */
export function planewise({ p0, p1, bases }: PlaneRange, work: Planewise): Kernel {
  const { name, source, itemsPerPlane, constants = {}, params } = work;
  const planes = p1 - p0;
  return {
    name,
    source,
    constants,
    params: { first: p0, planes, ...bases, ...params },
    workgroups: groupsFor(planes * itemsPerPlane),
    flops: planes * itemsPerPlane * (work.flopsPerItem ?? 0),
  };
}
