import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRng } from '../../src/data/rng.js';
import { createPool, type Fake, fakesOf, poolFeeds } from '../../src/train/pool.js';
import { batch } from './support.js';

const test = suite('image pool');

const fake = (n: number): Fake => ({ labels: Int32Array.of(n), picture: Float32Array.of(n) });
const numberOf = ({ picture }: Fake): number => picture[0]!;

/** What D judges in 400 steps of one fake each, numbered from 0. */
function judged(size: number, seed: number): number[] {
  const pool = createPool(size);
  return Array.from({ length: 400 }, (_, n) =>
    numberOf(pool.exchange([fake(n)], [1, 1, 1, 0], createRng(seed, n))[0]!),
  );
}

test('while it fills, every fake is judged itself', () => {
  assert.equal(judged(50, 1).slice(0, 50), [...Array(50).keys()]);
});

test('then half are exchanged, and nothing is judged twice from the pool', () => {
  const later = judged(50, 1)
    .map((n, step) => ({ n, step }))
    .slice(50);
  const old = later.filter(({ n, step }) => n !== step);
  assert.ok(Math.abs(old.length - 175) < 35, `${old.length} of 350`);
  assert.is(new Set(old.map(({ n }) => n)).size, old.length);
  assert.ok(old.every(({ n, step }) => n < step));
});

test('the same seed exchanges the same, another one does not', () => {
  assert.equal(judged(20, 3), judged(20, 3));
  assert.not.equal(judged(20, 3), judged(20, 4));
});

test('sizes have pools of their own', () => {
  const pool = createPool(1);
  const exchange = (n: number, width: number) => numberOf(pool.exchange([fake(n)], [1, 1, width, 0], createRng(n))[0]!);
  assert.equal([exchange(1, 8), exchange(2, 9)], [1, 2]);
  const later = Array.from({ length: 20 }, (_, i) => exchange(10 + i, 8));
  assert.not.ok(later.includes(2), 'the other size stays where it is');
});

test('samples of a batch are parted and joined again', () => {
  const { labels, instances, image, ...rest } = batch(6, 4, 1);
  const two = (a: Int32Array) => Int32Array.from([...a, ...a.map((v) => v + 1)]);
  const pictures = Float32Array.from([...image!, ...image!.map((v) => -v)]);
  const both = { ...rest, count: 2, labels: two(labels!), instances: two(instances!) };
  const fakes = fakesOf(both, pictures);
  assert.equal(
    fakes[1]!.labels,
    labels!.map((v) => v + 1),
  );
  assert.equal(poolFeeds(fakes), {
    'pool.labels': both.labels,
    'pool.instances': both.instances,
    'pool.picture': pictures,
  });
});

test.run();
