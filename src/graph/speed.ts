// How fast a device is at what nets are made of, measured, so that the time of a plan can be told before it runs.

import type { Device } from '../device/device.js';
import { grad } from './autograd.js';
import { roughMs } from './cost.js';
import { relu } from './ops/activations.js';
import { conv2d } from './ops/conv.js';
import { instanceNorm } from './ops/norm.js';
import { square } from './ops/pointwise.js';
import { mean } from './ops/reduce.js';
import { input, variable } from './ops/source.js';
import { type CompileOptions, compile } from './program.js';
import { destroy } from './storage.js';

const CHANNELS = 128;
/** Heights of the sample, twice as wide: the first that takes long enough to be timed is measured. */
const HEIGHTS = [16, 32, 64, 128, 256];
const ENOUGH_MS = 40;
const ROUNDS = 3;

/** A layer of a generator's middle, twice, forth and back. */
function sample(height: number) {
  const x = input([1, CHANNELS, height, 2 * height]);
  const weights = [0, 1].map(() => variable([CHANNELS, CHANNELS, 3, 3], new Float32Array(CHANNELS * CHANNELS * 9)));
  const layer = (h: typeof x, w: typeof x) => relu(instanceNorm(conv2d(h, w, null, { padding: 1 })));
  const loss = mean(square(weights.reduce(layer, x)));
  const outputs = Object.fromEntries(grad(loss, weights).map((gradient, i) => [`d${i}`, mean(square(gradient))]));
  return { spec: { inputs: { x }, outputs }, weights, x: new Float32Array(2 * CHANNELS * height * height) };
}

/** Milliseconds of the sample, and by rough rates. */
async function timed(device: Device, height: number, options: CompileOptions): Promise<{ ms: number; rough: number }> {
  const { spec, weights, x } = sample(height);
  const program = await compile(device, spec, options);
  try {
    await program.run({ x });
    let ms = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await program.run({ x });
      ms = Math.min(ms, performance.now() - start);
    }
    return { ms, rough: program.stats.kernels.reduce((sum, kernel) => sum + roughMs(kernel, device.profile), 0) };
  } finally {
    program.destroy();
    for (const weight of weights) destroy(device, weight);
  }
}

/**
 * How long this device takes at convolutions and norms, forth and back, over what its rough rates say: a plan's `roughMs` times this is about
 * its time. Takes a second or two, and at most some 0.3 GiB of memory.
 */
export async function slownessOf(device: Device, options: CompileOptions): Promise<number> {
  let slowness = 1;
  for (const height of HEIGHTS) {
    const { ms, rough } = await timed(device, height, options);
    slowness = ms / rough;
    if (ms > ENOUGH_MS) break;
  }
  return slowness;
}
