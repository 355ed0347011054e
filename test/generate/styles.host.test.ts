// Which region gets which style: chosen by region and class, drawn, or zeros.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultClasses } from '../../src/data/colours.js';
import { type Styles, stylePlanes } from '../../src/generate/styles.js';
import type { Manifest } from '../../src/nets/manifest.js';
import { refuses } from '../formats/support.js';
import { ENCODING, GENERATOR } from '../nets/golden.js';

const test = suite('styles of regions');

/** Class 0 has none, 1 one, 2 four centres. */
const CENTRES = [[], [[1, -1]], Array.from({ length: 4 }, (_, i) => [i, 10 * i])];

const manifest: Manifest = {
  format: 1,
  generator: { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0, inputNc: 8 },
  encoding: { ...ENCODING, labelNc: 3, features: { count: 2, by: 'instance' } },
  styles: CENTRES,
  classes: { ...defaultClasses(3), names: ['sea', 'sky', 'car'], palette: [] },
  step: 1,
};

const ids = Int32Array.of(0, 1, 2001, 2002, 2003, 2004, 2001, 0);
const labels = Int32Array.of(0, 1, 2, 2, 2, 2, 2, 0);
const size = { width: 4, height: 2 };
const planes = (styles?: Styles, picture = { size, ids, labels }, of = manifest) => stylePlanes(styles, picture, of);

/** The vector at a pixel. */
const at = (values: Float32Array, pixel: number) => [values[pixel], values[8 + pixel]];

test('every pixel has its region’s; a class without centres has zeros', () => {
  const drawn = planes({ seed: 3 });
  assert.equal(at(drawn, 0), [0, 0]);
  assert.equal(at(drawn, 1), [1, -1], 'the only one');
  assert.equal(at(drawn, 2), at(drawn, 6));
  for (const pixel of [2, 3, 4, 5]) assert.ok(CENTRES[2]!.some((centre) => centre.join() === at(drawn, pixel).join()));
});

test('a draw depends on seed and region id alone', () => {
  assert.equal(planes({ seed: 3 }), planes({ seed: 3 }));
  const seeds = [1, 2, 3, 4, 5].map((seed) => String(planes({ seed })));
  assert.ok(new Set(seeds).size > 1, 'seeds differ');
  const alone = planes({ seed: 3 }, { size, ids: new Int32Array(8).fill(2003), labels: new Int32Array(8).fill(2) });
  assert.equal(at(alone, 0), at(planes({ seed: 3 }), 4), 'whatever else the picture holds');
  const many = planes(
    { seed: 1 },
    {
      size: { width: 400, height: 1 },
      ids: Int32Array.from({ length: 400 }, (_, i) => i),
      labels: new Int32Array(400).fill(2),
    },
  );
  const counts = [0, 1, 2, 3].map((style) => many.subarray(0, 400).filter((v) => v === style).length);
  assert.ok(
    counts.every((n) => n > 60),
    `each centre about as often as the others: ${counts}`,
  );
});

test('a region’s style goes before its class’s, and that before the draw', () => {
  const styles = { regions: { 2001: [7, 8], 2002: 0, 555: [1, 1] }, classes: { car: 3, 0: [5, 6] }, seed: 1 };
  const got = planes(styles);
  assert.equal(
    [0, 1, 2, 3, 4, 5].map((pixel) => at(got, pixel)),
    [
      [5, 6],
      [1, -1],
      [7, 8],
      [0, 0],
      [3, 30],
      [3, 30],
    ],
  );
  assert.equal(at(planes({ classes: { sky: 0 } }), 2), [0, 0], 'without a seed nothing is drawn');
});

test('without a word: drawn where there are centres, else zeros', () => {
  assert.equal(planes(), planes({ seed: 1 }));
  assert.equal(planes(undefined, undefined, { ...manifest, styles: undefined }), new Float32Array(16));
  const other = planes({ seed: 1, centres: [[[9, 9]], [[9, 9]], [[9, 9]]] });
  assert.ok(
    other.every((v) => v === 9),
    'centres of the caller',
  );
});

test('RGB inputs have no labels: the id tells the class', () => {
  assert.equal(planes({ seed: 3 }, { size, ids, labels: undefined as never }), planes({ seed: 3 }));
});

test('ready planes are taken as they are', () => {
  const ready = Float32Array.from({ length: 16 }, (_, i) => i);
  assert.is(planes(ready), ready);
});

const FAULTS: [what: string, styles: Styles, message: RegExp][] = [
  ['an unknown class', { classes: { boat: 1 } }, /there is no class "boat"\. Give one of sea, sky, car, or its number/],
  ['a class number', { classes: { 3: 1 } }, /there is no class "3"/],
  ['a centre past the last', { classes: { car: 4 } }, /class car has 4 centres, none of number 4\. Give 0…3/],
  ['a centre where none are', { regions: { 0: 0 } }, /class sea has 0 centres, none of number 0\. Give 2 values/],
  ['half a centre', { classes: { car: 0.5 } }, /none of number 0\.5/],
  ['a short vector', { classes: { car: [1] } }, /got \[1\] for class car, wanted 2 numbers/],
  ['a value that is none', { regions: { 2001: [1, Number.NaN] } }, /got \[1,NaN\] for class car/],
  ['a name for a region', { regions: { car: 1 } }, /"car" is no id of a region\. Classes go by name under classes/],
  ['planes of another size', new Float32Array(15), /got 15 values, wanted \[2, 2, 4\]/],
];

for (const [what, styles, message] of FAULTS) {
  test(`refused: ${what}`, () => refuses(() => planes(styles), 65, message));
}

test.run();
