import { ProjectError } from '../../src/errors.js';

/** xorshift32: a run is told by its seed alone. */
export function random(seed: number): (below: number) => number {
  let x = seed || 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Values that length and offset fields are most likely to trip over. */
const NASTY = [0, 1, 0x7f, 0x80, 0xff];

/** One to four changes: flip a bit, put a nasty byte, repeat 0xff, cut, copy a piece, or swap two bytes. */
export function mutate(seed: Uint8Array, next: (below: number) => number): Uint8Array {
  let bytes = seed.slice();
  for (let n = 1 + next(4); n > 0 && bytes.length > 0; n--) {
    const at = next(bytes.length);
    const kind = next(6);
    if (kind === 0) bytes[at] ^= 1 << next(8);
    else if (kind === 1) bytes[at] = NASTY[next(NASTY.length)];
    else if (kind === 2) bytes.fill(255, at, at + 1 + next(8));
    else if (kind === 3) bytes = bytes.slice(0, at);
    else if (kind === 4) bytes.copyWithin(at, next(bytes.length), next(bytes.length));
    else [bytes[at], bytes[bytes.length - 1 - at]] = [bytes[bytes.length - 1 - at], bytes[at]];
  }
  return bytes;
}

export type Target = { name: string; seed: Uint8Array; read: (bytes: Uint8Array) => unknown };

/**
 * Feeds `runs` mutations to each target. Anything but success or a ProjectError of code 65 is a fault, as is a changed
 * prototype. Returns how many were accepted and refused, so that a test can see that both happen.
 */
export async function fuzz(
  targets: Target[],
  runs: number,
  seed: number,
): Promise<Record<string, { accepted: number; refused: number }>> {
  const tally: Record<string, { accepted: number; refused: number }> = {};
  for (const { name, seed: original, read } of targets) {
    const next = random(seed);
    const count = { accepted: 0, refused: 0 };
    for (let run = 0; run < runs; run++) {
      const bytes = mutate(original, next);
      try {
        await read(bytes);
        count.accepted++;
      } catch (error) {
        if (!(error instanceof ProjectError) || error.exitCode !== 65) {
          throw new Error(`${name}, seed ${seed}, run ${run}: ${(error as Error).stack}`);
        }
        count.refused++;
      }
    }
    if (Object.keys(Object.prototype).length > 0) throw new Error(`${name}: a prototype was changed`);
    tally[name] = count;
  }
  return tally;
}
