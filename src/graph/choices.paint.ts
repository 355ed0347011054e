import type * as choices from './choices.js';

/** Nothing is forced, kept or measured where a page only paints, so that the prior decides. */
export const choose: typeof choices.choose = async () => ({});
