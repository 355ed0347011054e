// Runs code in a Node process of its own: for what a process cannot test on itself, such as its own environment or end.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from '../../scripts/bundle.mjs';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Bundles a source file and returns its path, which `import()` in a child understands. */
export async function bundled(entry: string): Promise<string> {
  const outfile = resolve('.cache', 'test', 'child', `${entry.replaceAll('/', '-')}.mjs`);
  await bundleForNode({ entryPoints: [entry], outfile });
  return outfile;
}

export interface ChildOptions {
  /** Replaces variables of this process; undefined removes one. */
  env?: Record<string, string | undefined>;
  args?: string[];
  timeoutMs?: number;
}

/** Runs `node ...args`; it is killed after `timeoutMs`, which shows as a signal. */
export function runNode({ env, args = [], timeoutMs = 60_000 }: ChildOptions): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ended = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (ended.stdout += data));
  child.stderr.on('data', (data) => (ended.stderr += data));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code, signal, ...ended }));
  });
}

/** Runs a program given as text, with the exports of the bundled `entry` as `lib`. */
export async function runCode(entry: string, code: string, { env, args = [], timeoutMs }: ChildOptions = {}) {
  const url = pathToFileURL(await bundled(entry));
  const program = `const lib = await import(${JSON.stringify(url)});\n${code}`;
  return runNode({ env, timeoutMs, args: [...args, '--input-type=module', '--eval', program] });
}
