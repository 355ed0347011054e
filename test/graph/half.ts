// An op on half floats in memory, held to the same op on f32.

import * as assert from 'uvu/assert';
import type { CompileOptions, Feeds, Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { fromHalf, toHalf } from '../../src/float16.js';
import { openTestDevice } from '../support/device.js';
import { randomFrom } from '../support/random.js';

/** A rounding to 11 bits, and the smallest half beside it; sums of f32 add next to nothing. */
const HALF = 1.01 * 2 ** -11;
const LEAST = 2 ** -24;

const r = randomFrom(16);
/** Multiples of 1/64, which halves hold exactly. */
const exactly = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.round(r.uniform(-1, 1) * 64) / 64);

/** Odd planes, so that words are shared by rows and planes; and planes of whole vec4. */
export const ODD = [2, 5, 23, 29];
export const EVEN = [1, 8, 24, 32];

export type Ops = (operands: Tensor[]) => Tensor;
/** Shapes of maps, whose copies are stored as halves, and of weights, which are half variables. */
export interface Applied {
  maps: number[][];
  weights?: number[][];
  op: Ops;
  /** Several kernels after each other, each rounding. */
  roundings?: number;
}

/** The op on operands and to a result that lie in memory as halves, if `precision` says so. */
function program({ maps, weights = [], op }: Applied, half: boolean) {
  const fed = maps.map((shape) => engine.input(shape));
  const kept = weights.map((shape) => engine.variable(shape, exactly(shape), half));
  const result = op([...fed.map((map) => engine.scale(map, 1)), ...kept]);
  return { fed, kept, result: engine.scale(result, 1) };
}

async function results(applied: Applied, feeds: Float32Array[], weights: Float32Array[], options: CompileOptions) {
  const device = await openTestDevice();
  const { fed, kept, result } = program(applied, options.precision === 'f16');
  kept.forEach((variable, i) => {
    engine.write(device, variable, weights[i]!);
  });
  const named = Object.fromEntries(fed.map((tensor, i) => [`x${i}`, tensor]));
  const compiled = await engine.compile(device, { inputs: named, outputs: { result } }, { fuse: false, ...options });
  const given: Feeds = Object.fromEntries(feeds.map((values, i) => [`x${i}`, values]));
  const found = (await compiled.run(given)).result as Float32Array;
  compiled.destroy();
  for (const variable of kept) engine.destroy(device, variable);
  return found;
}

/** Holds a program of halves to the same one of f32. */
export async function check(name: string, applied: Applied, options: CompileOptions = {}): Promise<void> {
  const [feeds, weights] = [applied.maps.map(exactly), (applied.weights ?? []).map(exactly)];
  const wanted = await results(applied, feeds, weights, options);
  const half = await results(applied, feeds, weights, { ...options, precision: 'f16' });
  const size = applied.roundings ? wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0) : 0;
  wanted.forEach((v, i) => {
    const bound = HALF * Math.max(Math.abs(v), size) * (applied.roundings ?? 1) + LEAST;
    const got = half[i]!;
    assert.ok(Math.abs(got - v) <= bound, `${name}, element ${i}: got ${got}, wanted ${v} ± ${bound}`);
    assert.is(got, fromHalf(toHalf(got)), `${name}, element ${i}: stored as f32`);
  });
}

export const CONVOLUTIONS: Record<string, Applied> = {
  'conv2d 3×3': {
    maps: [ODD],
    weights: [[9, 5, 3, 3], [9]],
    op: ([x, w, b]) => engine.conv2d(x!, w!, b!, { padding: 1 }),
  },
  'conv2d 4×4, stride 2': {
    maps: [EVEN],
    weights: [[12, 8, 4, 4]],
    op: ([x, w]) => engine.conv2d(x!, w!, null, { stride: 2, padding: 2 }),
  },
  'conv2d 7×7, mirrored': {
    maps: [ODD],
    weights: [[4, 5, 7, 7]],
    op: ([x, w]) => engine.conv2d(x!, w!, null, { padding: 3, paddingMode: 'reflect' }),
  },
  'convTranspose2d 3×3, stride 2': {
    maps: [EVEN],
    weights: [[8, 5, 3, 3]],
    op: ([x, w]) => engine.convTranspose2d(x!, w!, null, { stride: 2, padding: 1, outputPadding: 1 }),
  },
  'weight gradient': {
    maps: [EVEN, [1, 20, 24, 32]],
    op: ([x, dy]) => {
      const w = engine.scale(engine.full([20, 8, 3, 3], 1), 1);
      return engine.grad(engine.sum(engine.mul(engine.conv2d(x!, w, null, { padding: 1 }), dy!)), [w])[0]!;
    },
  },
};
