import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ProjectError } from '../../src/errors.js';

/** Bytes of a committed file of test/formats/fixtures; tests run from the repository root. */
export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join('test/formats/fixtures', name)));

/** A folder that is gone after `use`. */
export async function withFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pix2pixhd-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export { hash, uniform } from '../support/hash.js';

/** Expects `action` to throw a ProjectError of that exit code whose message matches. */
export async function refuses(action: () => unknown, exitCode: number, message: RegExp): Promise<void> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, ProjectError, String((error as Error).stack));
    assert.is((error as ProjectError).exitCode, exitCode, (error as Error).message);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`expected a refusal matching ${message}`);
}

/** Little-endian number of `size` bytes. */
export const le = (value: number | bigint, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));

export const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
