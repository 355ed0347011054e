import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fitPlanes, paddedSize } from '../../src/data/pad.js';
import { createRng } from '../../src/data/rng.js';
import { cutWindow, drawWindow, type GeometryOptions, resizedSize, roundHalfEven } from '../../src/data/transform.js';
import { refuses } from '../formats/support.js';

const test = suite('geometry');

const DEFAULTS: GeometryOptions = {
  resizeOrCrop: 'scale_width',
  loadSize: 1024,
  fineSize: 512,
  multiple: 32,
  noFlip: true,
};

const draw = (width: number, height: number, change: Partial<GeometryOptions>, seed = 1) => {
  const options = { ...DEFAULTS, ...change };
  return drawWindow(resizedSize({ width, height }, options, 'a.png'), options, createRng(seed));
};

test('ties round to even, as in Python', () => {
  assert.equal([0.5, 1.5, 2.5, 3.5, 2.4, 2.6, -0.5].map(roundHalfEven), [0, 2, 2, 4, 2, 3, -0]);
});

test('every mode gives the size of the reference', () => {
  const size = (width: number, height: number, options: Partial<GeometryOptions>) => {
    const { size: out } = draw(width, height, options);
    return [out.width, out.height];
  };
  assert.equal(size(2048, 1023, {}), [1024, 511]);
  assert.equal(size(1024, 999, {}), [1024, 999]);
  assert.equal(size(2048, 1024, { resizeOrCrop: 'scale_width_and_crop' }), [512, 512]);
  assert.equal(size(2048, 1024, { resizeOrCrop: 'resize_and_crop', loadSize: 600 }), [512, 512]);
  assert.equal(size(700, 300, { resizeOrCrop: 'crop' }), [512, 512]);
  assert.equal(size(500, 300, { resizeOrCrop: 'crop' }), [500, 300]); // neither side is larger: left as it is
  assert.equal(size(2032, 1040, { resizeOrCrop: 'none' }), [2048, 1024]); // 63.5 → 64, 32.5 → 32
});

test('a picture that rounds to nothing is refused', () =>
  refuses(() => draw(10, 100, { resizeOrCrop: 'none' }), 65, /a\.png: 10×100 becomes 0×96/));

test('crops lie anywhere inside, ends included; flips come half of the time', () => {
  const seen = new Set<string>();
  let flips = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { x, y, flip } = draw(6, 5, { resizeOrCrop: 'crop', fineSize: 4, noFlip: false }, seed);
    assert.is(draw(6, 5, { resizeOrCrop: 'crop', fineSize: 4 }, seed).flip, false);
    seen.add(`${x},${y}`);
    flips += Number(flip);
  }
  assert.equal([...seen].sort(), ['0,0', '0,1', '1,0', '1,1', '2,0', '2,1']);
  assert.ok(flips > 150 && flips < 250, `${flips} of 400`);
});

test('ids and photo are cut and mirrored alike; what lies outside is 0', () => {
  const ids = Int32Array.of(1, 2, 3, 4, 5, 6);
  const base = { from: { width: 3, height: 2 }, x: 1, y: 0, flip: false };
  const size = { width: 3, height: 3 };
  assert.equal([...cutWindow(ids, { ...base, size })], [2, 3, 0, 5, 6, 0, 0, 0, 0]);
  assert.equal([...cutWindow(ids, { ...base, size, flip: true })], [0, 3, 2, 0, 6, 5, 0, 0, 0]);
  const rgb = Uint8Array.from({ length: 18 }, (_, i) => ids[Math.floor(i / 3)]);
  const cut = cutWindow(rgb, { ...base, size: { width: 2, height: 2 }, flip: true }, 3);
  assert.equal([...cut], [3, 3, 3, 2, 2, 2, 6, 6, 6, 5, 5, 5]);
});

test('padding repeats the last row and column, and fitting back undoes it', () => {
  const from = { width: 2, height: 2 };
  const to = paddedSize({ width: 2, height: 2 }, 3);
  assert.equal(to, { width: 3, height: 3 });
  const padded = fitPlanes(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), from, to);
  assert.equal([...padded], [1, 2, 2, 3, 4, 4, 3, 4, 4, 5, 6, 6, 7, 8, 8, 7, 8, 8]);
  assert.equal([...fitPlanes(padded, to, from)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(paddedSize({ width: 64, height: 33 }, 32), { width: 64, height: 64 });
});

test.run();
