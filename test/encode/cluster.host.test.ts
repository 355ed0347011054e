import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { centresOf, ratioOf, typicalStyles } from '../../src/encode/cluster.js';
import { MANIFEST } from '../generate/make-styled.js';
import { uniform } from '../support/hash.js';

const test = suite('typical styles');

/** `count` vectors close around a point. */
const around = (point: number[], count: number, tensor: number) =>
  Array.from({ length: count }, (_, i) => point.map((v, k) => v + uniform(tensor, 3 * i + k) / 50));

const near = (got: number[], want: number[]) =>
  assert.ok(
    got.every((v, i) => Math.abs(v - want[i]!) < 0.01),
    `got ${got}, wanted about ${want}`,
  );

test('clusters that anyone would see, the largest first', () => {
  const points = [
    [-0.8, 0, 0.5],
    [0.7, 0.7, 0.7],
    [0, -0.9, -0.2],
  ];
  const vectors = [...around(points[0]!, 20, 1), ...around(points[1]!, 60, 2), ...around(points[2]!, 40, 3)];
  const centres = centresOf(vectors, 3, 1);
  assert.is(centres.length, 3);
  [1, 2, 0].forEach((point, i) => void near(centres[i]!, points[point]!));
});

test('one centre is the mean', () => {
  const vectors = [
    [0, 1, 0.5],
    [1, 0, 0.25],
    [0.5, 0.5, 0],
  ];
  assert.equal(centresOf(vectors, 1, 4), [[0.5, 0.5, 0.25]]);
});

test('the same vectors and seed, the same centres; another seed may differ', () => {
  const vectors = Array.from({ length: 300 }, (_, i) => [0, 1, 2].map((k) => 2 * uniform(9, 3 * i + k)));
  assert.equal(centresOf(vectors, 10, 1), centresOf(vectors, 10, 1));
  const seeds = new Set([1, 2, 3].map((seed) => String(centresOf(vectors, 10, seed))));
  assert.ok(seeds.size > 1);
});

test('no more centres than different vectors', () => {
  const [a, b] = [
    [0.5, 0, 0],
    [0, 0.25, 1],
  ];
  assert.equal(centresOf([], 10, 1), []);
  assert.equal(centresOf([a], 10, 1), [a]);
  assert.equal(centresOf([b, a, a, b, a], 10, 1), [a, b]);
});

test('by class, of regions larger than 1/64 of their picture', () => {
  assert.is(ratioOf(32, 64 * 32), 0.5);
  const vector = (v: number) => [v, v, v];
  const regions = [
    { class: 1, ratio: 0.500001, vector: vector(0.1) },
    { class: 1, ratio: 0.5, vector: vector(0.9) },
    { class: 3, ratio: 20, vector: vector(0.3) },
  ];
  const styles = typicalStyles(regions, MANIFEST, { nClusters: 10, seed: 1 });
  assert.equal(styles, [[], [vector(0.1)], [], [vector(0.3)], []]);
  const rgb = { ...MANIFEST, encoding: { ...MANIFEST.encoding, labelNc: 0 } };
  assert.is(typicalStyles(regions, rgb, { nClusters: 10, seed: 1 }).length, 4, 'as many classes as are seen');
});

test.run();
