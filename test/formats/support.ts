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

/** The hash behind the fixtures' weights: 32-bit, the same in any language. */
export function hash(tensor: number, element: number): number {
  let x = (Math.imul(element + 1, 2654435761) + Math.imul(tensor + 1, 40503)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 2246822519);
  x = Math.imul(x ^ (x >>> 13), 3266489917);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Uniform in [-0.5, 0.5). */
export const uniform = (tensor: number, element: number): number => hash(tensor, element) / 2 ** 32 - 0.5;

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
