// The distance that FID is made of, against numpy and by hand.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toPlanes } from '../../src/data/values.js';
import { symmetricEigenvalues } from '../../src/metrics/eigenvalues.js';
import { frechetDistance } from '../../src/metrics/frechet.js';
import { resizeBilinear } from '../../src/metrics/inception.js';
import { hashedNumbers, hashedPicture } from '../support/hashed.js';

const test = suite('Fréchet distance');

const near = (got: number, want: number, within: number) =>
  assert.ok(Math.abs(got - want) <= within, `${got} is not ${want}`);

const WIDTH = 8;
const rows = (count: number, stream: number, power = 1) => {
  const all = Float64Array.from(hashedNumbers(count * WIDTH, stream), (v) => v ** power);
  return Array.from({ length: count }, (_, i) => all.slice(i * WIDTH, (i + 1) * WIDTH));
};

test("numpy's, by cov and the roots of the product's eigenvalues, for fewer and more vectors than dimensions", () => {
  near(frechetDistance(rows(3, 1), rows(5, 2, 2)), 0.9662905592550926, 1e-7);
  near(frechetDistance(rows(40, 3), rows(30, 4, 2)), 0.343242577825114, 1e-7);
  near(frechetDistance(rows(6, 5), rows(30, 6, 2)), 0.9208816252943647, 1e-7);
});

test('by hand: of one dimension (μ₁ − μ₂)² + (σ₁ − σ₂)²; 0 for one set, flat directions included; none for one vector', () => {
  // variances 2 and 8 around 1 and 5
  near(frechetDistance([[0], [2]], [[3], [7]]), 16 + (Math.sqrt(8) - Math.sqrt(2)) ** 2, 1e-12);
  const flat = rows(20, 7).map((row) => row.map((v, i) => (i % 3 === 0 ? 1 : v)));
  near(frechetDistance(flat, flat), 0, 1e-6);
  assert.ok(Number.isNaN(frechetDistance([[0]], [[3], [7]])));
});

test('eigenvalues: those of AᵀDA with an orthogonal A, also where some are equal; no end without numbers', () => {
  const size = 12;
  const wanted = Float64Array.from({ length: size }, (_, i) => [5, 5, 5, 0, 0, -2, 1e-9, 100, 3, 2, 1, 7][i]!);
  // I − 2vvᵀ/vᵀv is orthogonal and its own inverse.
  const v = hashedNumbers(size, 9, -1, 1);
  const square = v.reduce((s, x) => s + x * x, 0);
  const turn = (i: number, j: number) => (i === j ? 1 : 0) - (2 * v[i]! * v[j]!) / square;
  const matrix = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => wanted.reduce((s, w, k) => s + turn(i, k) * w * turn(k, j), 0)),
  );
  const got = symmetricEigenvalues(matrix).sort();
  wanted.sort().forEach((want, i) => near(got[i]!, want, 1e-12 * 100));
  assert.equal([...symmetricEigenvalues([])], []);
  const none = Float64Array.of(Number.NaN, 1);
  assert.ok(symmetricEigenvalues([none, none]).some(Number.isNaN));
});

test("resizing is torch's interpolate(mode='bilinear')", () => {
  const out = resizeBilinear(toPlanes(hashedPicture(35, 200)), { width: 5, height: 7 }, { width: 9, height: 4 });
  const wanted = {
    0: -0.3156863,
    8: -0.322549,
    17: -0.1343137,
    35: -0.8627451,
    36: -0.4539216,
    50: -0.2759259,
    107: 0.1627451,
  };
  for (const [place, want] of Object.entries(wanted)) near(out[Number(place)]!, want, 1e-6);
});

test.run();
