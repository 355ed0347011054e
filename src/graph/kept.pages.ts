import type * as kept from './kept.js';

// Pages keep nothing that weights are made into: constants.pages.ts.

export const keeper: typeof kept.keeper = () => ({ find: () => undefined, room: () => 0 });
export const changed: typeof kept.changed = () => {};
export const keeping: typeof kept.keeping = () => ({
  tensors: [],
  withoutMaking: (dispatches) => dispatches,
  stale: () => [],
  ran() {},
  release() {},
});
