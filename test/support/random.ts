import { type Arr, arr, sizeOf } from '../twin/array.js';
import { type Conv2dOptions, type ConvTranspose2dOptions, conv2dShape, convTranspose2dShape } from '../twin/conv.js';
import { type AvgPool2dOptions, pool2dShape } from '../twin/pool.js';

/** A seeded stream: the same seed gives the same cases in Node and in every browser. */
export type Random = {
  /** In [0, 1). */
  next(): number;
  uniform(lo: number, hi: number): number;
  /** Both ends included. */
  int(lo: number, hi: number): number;
  pick<T>(list: readonly T[]): T;
  chance(probability: number): boolean;
};

/** mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (lo: number, hi: number) => lo + Math.floor(next() * (hi - lo + 1));
  return {
    next,
    int,
    uniform: (lo, hi) => lo + (hi - lo) * next(),
    pick: (list) => list[int(0, list.length - 1)],
    chance: (probability) => next() < probability,
  };
}

/** Values in [lo, hi) that float32 holds exactly, so that twin and device start from the same numbers. */
export const values = (r: Random, shape: number[], lo = -1, hi = 1): Arr =>
  arr(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => r.uniform(lo, hi)),
  );

/** Whole numbers 0…count−1. */
export const ids = (r: Random, shape: number[], count: number): Arr =>
  arr(
    shape,
    Array.from({ length: sizeOf(shape) }, () => r.int(0, count - 1)),
  );

/** Few distinct values, so that ties and exact zeros happen. */
export const coarse = (r: Random, shape: number[]): Arr =>
  arr(
    shape,
    Array.from({ length: sizeOf(shape) }, () => r.int(-2, 2) / 2),
  );

const SIDES = [1, 2, 3, 5, 7, 8, 13, 16, 17];
const CHANNELS = [1, 2, 3, 4, 5, 7, 8, 16];
const KERNELS = [1, 2, 3, 3, 4, 5, 7];

type Quad = [number, number, number, number];

/** One of the three spellings of a padding. */
function padding(r: Random, most: number): number | [number, number] | Quad {
  const side = () => r.int(0, most);
  return r.pick<() => number | [number, number] | Quad>([
    () => side(),
    () => [side(), side()],
    () => [side(), side(), side(), side()],
  ])();
}

const pair = (r: Random, lo: number, hi: number): number | [number, number] =>
  r.chance(0.6) ? r.int(lo, hi) : [r.int(lo, hi), r.int(lo, hi)];

/** Odd sizes, now and then a plane of more than one workgroup in both directions. */
const plane = (r: Random): [number, number] => (r.chance(0.1) ? [33, 65] : [r.pick(SIDES), r.pick(SIDES)]);

/** Draws until `accept` holds: the constraints between sizes are easier to test than to solve. */
function draw<T>(make: () => T, accept: (candidate: T) => boolean): T {
  for (let tries = 0; tries < 100_000; tries++) {
    const candidate = make();
    if (accept(candidate)) return candidate;
  }
  throw new Error('random: no acceptable candidate in 100,000 draws');
}

export type ConvKind = 'plain' | 'reflect' | 'grouped' | 'dilated';
export type ConvSpec<Options> = { x: number[]; w: number[]; bias: boolean; options: Options };
/** Bounds of the number of multiply-adds. */
export type ConvLimits = { least?: number; macs?: number };

const groupsFor = (r: Random, kind: ConvKind): number => (kind === 'grouped' ? r.pick([2, 3, 4, 8]) : 1);

/** Stride larger than the kernel in about one case of six. */
const strideFor = (r: Random): number | [number, number] => pair(r, 1, r.chance(0.3) ? 5 : 2);

function reachesInside(options: Conv2dOptions, [, , H, W]: number[]): boolean {
  const p = options.padding ?? 0;
  const [top, left, bottom, right] = typeof p === 'number' ? [p, p, p, p] : p.length === 2 ? [...p, ...p] : p;
  return options.paddingMode !== 'reflect' || (Math.max(top, bottom) < H && Math.max(left, right) < W);
}

const within = (n: number, lo: number, hi: number): boolean => n >= lo && n <= hi;

const macsOf = (output: number[], w: number[]): number => sizeOf(output) * sizeOf(w.slice(1));

/** x [N,C,H,W], w [O,C/groups,KH,KW], `least` to `macs` multiply-adds. */
export const conv2dSpec = (
  r: Random,
  kind: ConvKind,
  { least = 0, macs = 1e5 }: ConvLimits = {},
): ConvSpec<Conv2dOptions> =>
  draw(
    () => {
      const groups = groupsFor(r, kind);
      const perGroup = groups === 1 ? r.pick(CHANNELS) : r.int(1, 3);
      const kernel = r.chance(0.7) ? r.pick(KERNELS) : 0;
      const options: Conv2dOptions = { stride: strideFor(r), padding: padding(r, 3) };
      if (groups > 1) options.groups = groups;
      if (kind === 'dilated') options.dilation = r.chance(0.5) ? r.int(2, 3) : [r.int(1, 3), r.int(2, 3)];
      if (kind === 'reflect') options.paddingMode = 'reflect';
      return {
        x: [r.int(1, 3), perGroup * groups, ...plane(r)],
        w: [
          groups === 1 ? r.pick(CHANNELS) : groups * r.int(1, 3),
          perGroup,
          kernel || r.pick(KERNELS),
          kernel || r.pick(KERNELS),
        ],
        bias: r.chance(0.5),
        options,
      };
    },
    ({ x, w, options }) => {
      const y = conv2dShape(x, w, options);
      return y[2] > 0 && y[3] > 0 && reachesInside(options, x) && within(macsOf(y, w), least, macs);
    },
  );

/** x [N,C,H,W], w [C,O/groups,KH,KW]; outputPadding below the stride, as torch asks. */
export const convTranspose2dSpec = (
  r: Random,
  kind: Exclude<ConvKind, 'reflect'>,
  { least = 0, macs = 1e5 }: ConvLimits = {},
): ConvSpec<ConvTranspose2dOptions> =>
  draw(
    () => {
      const groups = groupsFor(r, kind);
      const perGroup = groups === 1 ? r.pick(CHANNELS) : r.int(1, 3);
      const stride = strideFor(r);
      const [strideH, strideW] = typeof stride === 'number' ? [stride, stride] : stride;
      const kernel = r.chance(0.7) ? r.pick(KERNELS) : 0;
      const options: ConvTranspose2dOptions = { stride, padding: padding(r, 2) };
      if (r.chance(0.5)) options.outputPadding = [r.int(0, strideH - 1), r.int(0, strideW - 1)];
      if (groups > 1) options.groups = groups;
      if (kind === 'dilated') options.dilation = pair(r, 2, 3);
      return {
        x: [r.int(1, 3), (groups === 1 ? r.pick(CHANNELS) : r.int(1, 3)) * groups, ...plane(r)],
        w: [0, perGroup, kernel || r.pick(KERNELS), kernel || r.pick(KERNELS)],
        bias: r.chance(0.5),
        options,
      };
    },
    (spec) => {
      spec.w[0] = spec.x[1];
      const y = convTranspose2dShape(spec.x, spec.w, spec.options);
      return y[2] > 0 && y[3] > 0 && within(macsOf(spec.x, spec.w), least, macs);
    },
  );

export type PoolSpec = { x: number[]; options: AvgPool2dOptions };

/** Padding at most half the kernel, as torch asks. */
export const poolSpec = (r: Random): PoolSpec =>
  draw(
    () => {
      const kernel: [number, number] = [r.int(1, 5), r.int(1, 5)];
      const side = (k: number) => r.int(0, Math.floor(k / 2));
      const options: AvgPool2dOptions = { kernel: kernel[0] === kernel[1] && r.chance(0.7) ? kernel[0] : kernel };
      if (r.chance(0.7)) options.stride = pair(r, 1, 4);
      if (r.chance(0.7)) options.padding = [side(kernel[0]), side(kernel[1]), side(kernel[0]), side(kernel[1])];
      if (r.chance(0.5)) options.ceilMode = true;
      if (r.chance(0.5)) options.countIncludePad = r.chance(0.5);
      return { x: [r.int(1, 2), r.pick(CHANNELS), ...plane(r)], options };
    },
    ({ x, options }) => pool2dShape(x, options).every((n) => n > 0),
  );

/** A shape of up to four axes. */
export const shapeOf = (r: Random, lowest = 0, highest = 4): number[] =>
  Array.from({ length: r.int(lowest, highest) }, () => r.pick([1, 2, 3, 5, 7]));

/** `count` shapes that broadcast to one: axes dropped in front or set to 1 at random. */
export function broadcastShapes(r: Random, count: number): number[][] {
  const full = shapeOf(r);
  return Array.from({ length: count }, () => {
    const kept = full.slice(r.chance(0.6) ? 0 : r.int(0, full.length));
    return kept.map((n) => (r.chance(0.25) ? 1 : n));
  });
}

/** A non-empty set of axes, some counted from behind; undefined for all. */
export function axesOf(r: Random, rank: number): number[] | undefined {
  if (rank === 0 || r.chance(0.2)) return undefined;
  const axes = Array.from({ length: rank }, (_, d) => d).filter(() => r.chance(0.5));
  const some = axes.length > 0 ? axes : [r.int(0, rank - 1)];
  return some.map((axis) => (r.chance(0.2) ? axis - rank : axis));
}

export { draw, padding as paddingOf, pair as pairFrom, plane as planeOf, reachesInside };
