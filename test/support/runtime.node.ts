// '#runtime' in Node: what tests need and each runtime does in its own way.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Counts } from './run.js';

export { openDevice } from '../../src/device/node.js';

/** Bytes of a file, by its path under test/. */
export const readFixture = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(process.cwd(), 'test', path)));

export const write = (text: string): void => void process.stdout.write(text);

/** Hands the counts to the test script; whoever starts the bundle by hand sees them in the exit code. */
export function report(counts: Counts): void {
  process.exitCode = counts.failed > 0 ? 1 : 0;
  if (process.send) process.send(counts, () => process.disconnect());
  else write(`${counts.passed} passed, ${counts.failed} failed\n`);
}
