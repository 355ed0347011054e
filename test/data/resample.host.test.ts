import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resizeBicubic, resizeNearest } from '../../src/data/resample.js';
import golden from '../golden/pix2pixhd.json';
import pillow from './pillow.json';

const test = suite('resampling');

test('the golden vectors, bicubic and nearest', () => {
  const { resize } = golden;
  const input = Uint8Array.from(resize.input8x8.flat());
  const from = { width: 8, height: 8 };
  for (const [wanted, width, height] of [
    [resize.bicubic_w5h3, 5, 3],
    [resize.bicubic_w12h9, 12, 9],
  ] as const) {
    assert.equal([...resizeBicubic(input, from, { width, height }, 1)], wanted.flat());
  }
  assert.equal([...resizeNearest(input, from, { width: 5, height: 3 })], resize.nearest_w5h3.flat());
});

const decode = (text: string) => [...Buffer.from(text, 'base64')];

for (const { width, height, toWidth, toHeight, channels, binary, bicubic, nearest } of pillow.cases) {
  test(`Pillow's bytes: ${width}×${height}×${channels} → ${toWidth}×${toHeight}`, () => {
    const smooth = Uint8Array.from({ length: width * height * channels }, (_, i) => (37 * i + ((i * i) >> 3)) & 255);
    const input = binary ? smooth.map((v) => (v > 127 ? 255 : 0)) : smooth;
    const to = { width: toWidth, height: toHeight };
    assert.equal([...resizeBicubic(input, { width, height }, to, channels)], decode(bicubic));
    assert.equal([...resizeNearest(input, { width, height }, to, channels)], decode(nearest));
  });
}

test('halving picks the odd pixels', () => {
  const ids = Int32Array.from({ length: 2048 }, (_, i) => i);
  const half = resizeNearest(ids, { width: 2048, height: 1 }, { width: 1024, height: 1 });
  assert.equal([...half.slice(0, 4), half[1023]], [1, 3, 5, 7, 2047]);
});

test('ids past 255 survive, and an unchanged size costs nothing', () => {
  const ids = Int32Array.of(26001, 26002, 7, 33008);
  assert.equal(
    [...resizeNearest(ids, { width: 2, height: 2 }, { width: 4, height: 2 })],
    [26001, 26001, 26002, 26002, 7, 7, 33008, 33008],
  );
  assert.is(resizeNearest(ids, { width: 2, height: 2 }, { width: 2, height: 2 }), ids);
});

test.run();
