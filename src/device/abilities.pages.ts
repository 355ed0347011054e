import type * as full from './abilities.js';

/** All that programs of pages can use more of. */
const LIMITS = ['maxStorageBufferBindingSize', 'maxBufferSize'] as const;

export const asked: typeof full.asked = ({ limits }) => ({
  requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
});
export const granted: typeof full.granted = ({ limits }) => ({ limits, features: new Set() });
