// The image pool (Shrivastava et al. 2017): D also judges fakes of earlier steps, so that it does not forget them.

import type { Batch } from '../data/dataset.js';
import { below, type Rng, uniform } from '../data/rng.js';

/** What a picture was painted from, and the picture: what D judges. One sample, planes without the batch axis. */
export interface Fake {
  labels?: Int32Array;
  input?: Float32Array;
  instances?: Int32Array;
  picture: Float32Array;
}

export interface ImagePool {
  /** The fakes kept, by the extents they were exchanged under. */
  readonly kept: ReadonlyMap<string, readonly Fake[]>;
  /** For each fake of a batch the one that D shall judge: itself, or one of an earlier step, whose place it takes. */
  exchange(fakes: readonly Fake[], extent: readonly number[], rng: Rng): Fake[];
}

/**
 * The reference's rule: while the pool fills, every fake is kept and judged itself; from then on half of them at random change places with a
 * kept one. Pictures of another size have a pool of their own, since a batch holds one size.
 * @param kept what an earlier pool held
 */
export function createPool(size: number, kept: ImagePool['kept'] = new Map()): ImagePool {
  const pools = new Map([...kept].map(([key, fakes]) => [key, fakes.slice(0, size)]));
  const poolOf = (key: string): Fake[] => {
    if (!pools.has(key)) pools.set(key, []);
    return pools.get(key)!;
  };
  return {
    kept: pools,
    exchange(fakes, extent, rng) {
      const kept = poolOf(extent.join());
      return fakes.map((fake) => {
        if (kept.length < size) kept.push(fake);
        else if (uniform(rng) > 0.5) return kept.splice(below(rng, size), 1, fake)[0]!;
        return fake;
      });
    },
  };
}

type Planes = Int32Array | Float32Array;
const NAMES = ['labels', 'input', 'instances'] as const;

/** The samples of a batch with the pictures painted from them [N, C, H, W]. */
export function fakesOf(batch: Batch, pictures: Float32Array): Fake[] {
  const part = <T extends Planes>(data: T, n: number): T => {
    const length = data.length / batch.count;
    return data.slice(n * length, (n + 1) * length) as T;
  };
  return Array.from({ length: batch.count }, (_, n) => {
    const fake: Fake = { picture: part(pictures, n) };
    for (const name of NAMES) {
      const data = batch[name];
      if (data) Object.assign(fake, { [name]: part<Planes>(data, n) });
    }
    return fake;
  });
}

/** Feeds of `trainingStep` with a pool. */
export function poolFeeds(fakes: readonly Fake[]): Record<string, Planes> {
  const feeds: Record<string, Planes> = {};
  for (const name of [...NAMES, 'picture'] as const) {
    const parts = fakes.flatMap((fake): Planes[] => (fake[name] ? [fake[name]] : []));
    if (parts.length === 0) continue;
    const joined = parts[0] instanceof Int32Array ? Int32Array : Float32Array;
    const all = new joined(parts.length * parts[0]!.length);
    parts.forEach((planes, n) => void all.set(planes, n * planes.length));
    feeds[`pool.${name}`] = all;
  }
  return feeds;
}
