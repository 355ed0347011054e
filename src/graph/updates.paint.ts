import type * as updates from './updates.js';

// What only paints leaves variables as they are.

export const ownValues: typeof updates.ownValues = () => [];
export const directUpdates: typeof updates.directUpdates = () => new Map();
export const copyUpdates: typeof updates.copyUpdates = () => {};
