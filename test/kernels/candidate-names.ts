// Every kind of candidate, by what its results are held to. Odd tiles show what round ones hide.

/** Sums in another order, each rounded as any order is. */
export const SUMS = [
  { conv: 'direct-8x8', convWeight: 'direct-4x4' },
  { conv: 'direct-3x5', convWeight: 'direct-3x2' },
  { conv: 'quads-2x1x16-broadcast', convWeight: 'quads-8-broadcast' },
  { conv: 'quads-1x2x32-broadcast', convWeight: 'quads-16-broadcast' },
  { conv: 'quads-1x2x4', convWeight: 'quads-3' },
  { conv: 'tiles-32x32', convWeight: 'tiles-32x32' },
  { conv: 'tiles-64x64', convWeight: 'tiles-64x64' },
  { conv: 'tiles-128x64', convWeight: 'tiles-128x64' },
];

/** Likewise, of transposed convolutions of stride 2. */
export const PHASES = [{ conv: 'phases-2x1x8-broadcast' }, { conv: 'phases-1x2x4' }];

/** F(4×4, 3×3). */
export const WINOGRAD = [
  { conv: 'winograd-1x32-broadcast', convWeight: 'winograd-1x32-broadcast' },
  { conv: 'winograd-2x4', convWeight: 'winograd-2x4' },
  { conv: 'winograd-channels-8x1-broadcast', convWeight: 'winograd-2x32-broadcast' },
  { conv: 'winograd-channels-4x2', convWeight: 'winograd-1x8' },
  { conv: 'winograd-adjoint-8x1-broadcast', convWeight: 'plain' },
  { conv: 'winograd-adjoint-4x2', convWeight: 'plain' },
];

/** F(2×2, 3×3). */
export const WINOGRAD2 = [
  { conv: 'winograd2-1x32-broadcast', convWeight: 'winograd2-2x32-broadcast' },
  { conv: 'winograd2-2x4', convWeight: 'winograd2-1x8' },
];

/** F(3×3, 2×2) of four phases. */
export const POLYPHASE = [
  { conv: 'polyphase-1x32-broadcast', convWeight: 'polyphase-1x32-broadcast' },
  { conv: 'polyphase-2x4', convWeight: 'polyphase-1x8' },
];

/** F(4×4, 4×4) of nested blocks. */
export const NESTED = [{ conv: 'nested-1x32-broadcast' }, { conv: 'nested-2x4' }];

export const nameOf = (force: Record<string, string>): string => [...new Set(Object.values(force))].join(' and ');
