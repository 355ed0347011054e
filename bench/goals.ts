// What is aimed at: how many times faster than a peer on the same adapter, and what share of the adapter's own rate.

import type { Case, Role } from './cases.js';

type Software = 'lavapipe' | 'swiftshader';
/** On lavapipe, on SwiftShader. */
type Pair = readonly [number, number];

interface Goal {
  layers: RegExp;
  roles: readonly Role[];
  /** By a peer's name, or `roofline` in percent. */
  least: Readonly<Record<string, Pair>>;
}

const OTHER_CONVS = /^(7×7|4×4|3×3ᵀ)/;

const GOALS: readonly Goal[] = [
  { layers: /^3×3 /, roles: ['forward'], least: { tfjs: [15, 20], 'ort-webgpu': [8, 15] } },
  { layers: /^3×3 /, roles: ['data'], least: { tfjs: [11, 12] } },
  { layers: /^3×3 /, roles: ['weight'], least: { tfjs: [35, 50] } },
  { layers: /^3×3 256/, roles: ['forward'], least: { roofline: [100, 55] } },
  { layers: OTHER_CONVS, roles: ['forward'], least: { tfjs: [7, 6], 'ort-webgpu': [4, 5] } },
  { layers: OTHER_CONVS, roles: ['data'], least: { tfjs: [6, 6] } },
  { layers: OTHER_CONVS, roles: ['weight'], least: { tfjs: [20, 20] } },
  { layers: /^instance norm/, roles: ['forward'], least: { tfjs: [40, 50] } },
  { layers: /^instance norm/, roles: ['both'], least: { tfjs: [20, 20] } },
  { layers: /^generator/, roles: ['forward'], least: { tfjs: [12, 15], 'ort-webgpu': [7, 10] } },
  { layers: /^training step/, roles: ['both'], least: { tfjs: [15, 20] } },
];

/** Microseconds of host time a dispatch, and memory over the least possible: at most these. */
export const MOST = { usPerDispatch: 3, memoryRatio: 1.1 };

const ADAPTERS: readonly Software[] = ['lavapipe', 'swiftshader'];

/** Goals of a case on an adapter, by a device profile's name; none on one that no goals were set for. */
export function goalsOf({ name, role }: Pick<Case, 'name' | 'role'>, adapter: string): Record<string, number> {
  const column = ADAPTERS.indexOf(adapter as Software);
  const found = GOALS.filter(({ layers, roles }) => column >= 0 && layers.test(name) && roles.includes(role));
  const entries = found.flatMap(({ least }) => Object.entries(least));
  return Object.fromEntries(entries.map(([against, pair]) => [against, pair[column]!]));
}
