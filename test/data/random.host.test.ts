import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { below, createRng, nextUint32, permutation, uniform } from '../../src/data/rng.js';

const test = suite('random numbers');

test('the stream of a seed never changes: checkpoints rely on it', () => {
  const rng = createRng(42);
  const pinned = [1634467535, 3899460238, 2875088836, 1068345223];
  assert.equal(
    Array.from({ length: 4 }, () => nextUint32(rng)),
    pinned,
  );
});

test('a state written as JSON continues the stream', () => {
  const rng = createRng(1, 2, 3);
  for (let i = 0; i < 10; i++) uniform(rng);
  const copy = JSON.parse(JSON.stringify(rng));
  assert.equal(
    Array.from({ length: 20 }, () => nextUint32(rng)),
    Array.from({ length: 20 }, () => nextUint32(copy)),
  );
});

test('close seeds, longer lists and large seeds give other streams', () => {
  const firsts = [[1], [2], [1, 0], [0, 1], [1, 1], [2 ** 32 + 1], [0]].map((seeds) => nextUint32(createRng(...seeds)));
  assert.is(new Set(firsts).size, firsts.length);
});

/** Sum of (observed − expected)²/expected. With 9 degrees of freedom 27.9 is passed once in a thousand times. */
function chiSquare(counts: number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test('below() is even, and so is the first draw over consecutive seeds', () => {
  const rng = createRng(7);
  const stream = new Array(10).fill(0);
  const firsts = new Array(10).fill(0);
  for (let i = 0; i < 20_000; i++) {
    stream[below(rng, 10)]++;
    firsts[below(createRng(9, i), 10)]++;
  }
  assert.ok(chiSquare(stream, 2000) < 27.9, String(stream));
  assert.ok(chiSquare(firsts, 2000) < 27.9, String(firsts));
});

test('a permutation holds every number once; all orders of three occur alike', () => {
  assert.equal(
    permutation(createRng(3), 1000).sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const orders = new Map<string, number>();
  const rng = createRng(5);
  for (let i = 0; i < 6000; i++) {
    const order = permutation(rng, 3).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.is(orders.size, 6);
  assert.ok(chiSquare([...orders.values()], 1000) < 20.5, JSON.stringify([...orders])); // 5 degrees of freedom, 1 in 1000
});

test.run();
