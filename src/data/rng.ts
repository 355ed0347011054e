/**
 * A small random generator (sfc32: 128 bits of state, passes PractRand) whose whole state is four numbers, so that a
 * checkpoint can hold it. The same seeds give the same stream on every machine; checkpoints rely on that, never change it.
 */
export type Rng = { state: [number, number, number, number] };

/** murmur3's finaliser: every bit of the input changes every bit of the output. */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A generator for any list of whole numbers, such as (seed, epoch, position). Close seeds give unrelated streams. */
export function createRng(...seeds: number[]): Rng {
  const rng: Rng = { state: [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1] };
  for (const seed of seeds) {
    rng.state[0] = mix(rng.state[0] ^ (seed >>> 0));
    rng.state[1] = mix(rng.state[1] ^ Math.floor(seed / 2 ** 32));
    for (let i = 0; i < 12; i++) nextUint32(rng);
  }
  return rng;
}

/** 32 uniform bits. */
export function nextUint32(rng: Rng): number {
  const [a, b, c, counter] = rng.state;
  const out = (a + b + counter) >>> 0;
  rng.state = [
    (b ^ (b >>> 9)) >>> 0,
    (c + (c << 3)) >>> 0,
    (((c << 21) | (c >>> 11)) + out) >>> 0,
    (counter + 1) >>> 0,
  ];
  return out;
}

/** Uniform in [0, 1), a multiple of 2^-32. */
export const uniform = (rng: Rng): number => nextUint32(rng) / 2 ** 32;

/** A whole number in 0 … bound−1, each equally likely (values of the incomplete last round are drawn again). */
export function below(rng: Rng, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let value = nextUint32(rng);
  while (value >= limit) value = nextUint32(rng);
  return value % bound;
}

/** 0 … count−1 in random order (Fisher–Yates). */
export function permutation(rng: Rng, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(rng, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
