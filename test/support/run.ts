// Runs the suites that the test files have queued, one after the other, and counts.

export interface Counts {
  passed: number;
  failed: number;
  /** Results that another runtime on the same adapter must reproduce bit for bit, by name. */
  digests?: Record<string, string>;
}

/** uvu's internal result of a suite: formatted failures (or true), tests passed, tests skipped, tests in all. */
type SuiteRun = () => Promise<[string | true, number, number, number]>;

export async function runQueue(write: (text: string) => void): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 };
  const suites = (globalThis as unknown as { UVU_QUEUE: SuiteRun[][] }).UVU_QUEUE[0].slice(1);
  for (const run of suites) {
    const [failures, passed, , total] = await run();
    counts.passed += passed;
    counts.failed += total - passed;
    if (typeof failures === 'string') write(`\n${failures}\n`);
    // uvu swallows what a before() or after() hook throws; the tests that never ran are all that shows.
    else if (passed < total) write('    A hook of this suite threw, so its tests did not run.\n');
  }
  return counts;
}
