import type * as adams from './adams.js';

/** A page has three dispatches for three parameters. */
export const joinAdams: typeof adams.joinAdams = () => {};
