import kernelsSource from '../../shaders/polyphase-kernels.wgsl';
import tilesSource from '../../shaders/polyphase-tiles.wgsl';
import { PHASE_POSITIONS, PHASES, SIDE } from './polyphase.js';
import { phasedPixels, type TileForm } from './tile-sums.js';

// The weight gradient of kernels/polyphase.ts: x's tiles as they are there, dy's by the output's transform backwards, and the sums brought
// back to 2×2 taps of each phase.

/** For rows that are no whole vec4, of which some taps lie beyond the kernel. */
const BY_TAP = {
  constants: { Stored: 'f32' },
  hooks: {
    put: `fn put(plane: u32, ky: u32, line: vec4f) {
  for (var kx = 0u; kx < params.width && ky < params.height; kx++) {
    dw[(plane * params.height + ky) * params.width + kx - params.dwBase] = line[kx];
  }
}`,
  },
};

export const polyphaseWeight: TileForm = {
  name: 'polyphase',
  side: SIDE,
  positions: PHASE_POSITIONS,
  phases: PHASES,
  pixels: phasedPixels(SIDE, ({ stride }) => 3 - stride[0]),
  tiles: { source: tilesSource, flops: 21, run: 1 },
  kernels: { source: kernelsSource, flops: 192 },
  threads: 2,
  finish({ bases }, { kernel: [height, width], stride }) {
    const whole = height === 4 && width === 4 && bases.dwBase! % 4 === 0;
    const { constants, hooks } = whole ? { constants: {}, hooks: {} } : BY_TAP;
    const baked = { STRIDE: stride[0], APART: 3 - stride[0] };
    return { constants: { ...baked, ...constants }, hooks, params: { height, width } };
  },
};
