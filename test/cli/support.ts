// Commands as processes, on a tiny data set.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { goodSet, writeFiles } from '../data/make-set.js';
import { withFolder } from '../formats/support.js';
import { bundled, type ChildOptions, runNode } from '../support/child.js';

export const cli = async (args: string[], options?: ChildOptions) =>
  runNode({ timeoutMs: 120_000, ...options, args: [await bundled('src/cli/main.ts'), ...args] });

/** As small as nets get, on pictures as they are. */
export const TINY_NETS = [
  ...['--label-nc', '3', '--resize-or-crop', 'crop', '--ngf', '2', '--n-downsample-global', '1'],
  ...['--n-blocks-global', '1', '--ndf', '2', '--num-d', '1', '--n-layers-d', '1', '--no-vgg-loss'],
];

/** The same for a training, without threads of its own. */
export const TINY = [...TINY_NETS, '--n-threads', '0'];

export type Files = Record<string, Uint8Array | string | null>;
export const withSet = (change: Files, use: (root: string, out: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const root = join(folder, 'set');
    writeFiles(root, goodSet(change));
    await use(root, join(folder, 'run'));
  });

/** Starts a training with --json and ends it by a signal when it tells of `step`. Returns its exit code. */
export async function endedAt(step: number, signal: NodeJS.Signals, args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, [await bundled('src/cli/main.ts'), 'train', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface(child.stdout)) if (JSON.parse(line).step === step) child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
