import type * as runs from './timed-run.js';

const none = () => {};

/** No page looks at its runs. */
export const timedRuns = (): ReturnType<typeof runs.timedRuns> => ({
  wanted: () => false,
  inTurn: (run) => run(),
  begin: () => none,
  submit: async () => [],
  show: async () => {},
});
