import kernelsSource from '../../shaders/winograd2-kernels.wgsl';
import tilesSource from '../../shaders/winograd2-tiles.wgsl';
import type { TileForm } from './tile-sums.js';
import { SIDE } from './winograd2.js';

// The weight gradient by F(3×3, 2×2), in which dy's tiles of 2×2 pixels are the taps and the weights the result.

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

export const winograd2Weight: TileForm = {
  name: 'winograd2',
  side: SIDE,
  phases: 1,
  apart: () => 0,
  tiles: { source: tilesSource, flops: 20 },
  kernels: { source: kernelsSource, flops: 96 },
  threads: 1,
  finish({ p0, p1, bases }, { inputs }) {
    const whole = [inputs, p0, p1, bases.dwBase!].every((count) => count % 4 === 0);
    return { ...(whole ? { constants: {} } : BY_TAP), params: {} };
  },
};
