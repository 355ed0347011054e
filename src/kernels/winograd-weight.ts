import kernelsSource from '../../shaders/winograd-kernels.wgsl';
import pixelsSource from '../../shaders/winograd-pixels.wgsl';
import tilesSource from '../../shaders/winograd-tiles.wgsl';
import kernels2Source from '../../shaders/winograd2-kernels.wgsl';
import tiles2Source from '../../shaders/winograd2-tiles.wgsl';
import { phasedPixels, type TileForm } from './tile-sums.js';
import { POSITIONS, SIDE } from './winograd.js';
import { POSITIONS as POSITIONS2, SIDE as SIDE2 } from './winograd2.js';

// Weight gradients of 3×3 convolutions of stride 1 by Winograd's sums over tiles (tile-sums.ts).

/** For kernels of which a launch has a part, whose borders may lie within a vec4. */
const BY_TAP = {
  constants: { Stored: 'f32' },
  hooks: {
    put: `fn put(kernel: u32, e: u32, value: vec4f) {
  for (var k = 0u; k < 4u; k++) {
    let plane = kernel + (e + k) / TAPS;
    if (plane / params.inputs == kernel / params.inputs && plane >= params.first && plane < params.end) {
      dw[kernel * TAPS + e + k - params.dwBase] = value[k];
    }
  }
}`,
  },
};

/** Whole vec4 where every output's kernels are all in a launch. */
const finish: TileForm['finish'] = ({ p0, p1, bases }, { inputs }) => {
  const whole = [inputs, bases.dwBase!].every((count) => count % 4 === 0) && [p0, p1].every((p) => p % inputs === 0);
  return { ...(whole ? { constants: {} } : BY_TAP), params: {} };
};

/** By F(4×4, 3×3) backwards: dy's tiles of 4×4 pixels are spread over the 36 numbers that x's have. */
export const winogradWeight: TileForm = {
  name: 'winograd',
  side: SIDE,
  positions: POSITIONS,
  phases: 1,
  pixels: { source: pixelsSource, flops: 144, run: 4, constants: {}, params: () => ({}) },
  tiles: { source: tilesSource, flops: 100, run: 4 },
  kernels: { source: kernelsSource, flops: 400 },
  threads: 1,
  finish,
};

/** By F(3×3, 2×2), in which dy's tiles of 2×2 pixels are the taps and the weights the result. */
export const winograd2Weight: TileForm = {
  name: 'winograd2',
  side: SIDE2,
  positions: POSITIONS2,
  phases: 1,
  pixels: phasedPixels(SIDE2, () => 0),
  tiles: { source: tiles2Source, flops: 20, run: 1 },
  kernels: { source: kernels2Source, flops: 96 },
  threads: 1,
  finish,
};
