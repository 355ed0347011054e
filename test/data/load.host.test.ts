import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage } from '../../src/data/load.js';
import { labelIds } from '../../src/data/values.js';
import { refuses, withFolder } from '../formats/support.js';

const test = suite('reading pictures');

const read = (content: Uint8Array | string, name = 'a.png', limits = {}) =>
  withFolder((root) => {
    writeFileSync(join(root, name), content);
    return readImage(join(root, name), limits);
  });

const GRADIENT = Buffer.from(Array.from({ length: 16 * 8 * 3 }, (_, i) => (i >> 1) & 255));
const picture = () => sharp(GRADIENT, { raw: { width: 16, height: 8, channels: 3 } });

test('JPEG, WebP and TIFF come as 8-bit RGB, whatever their name', async () => {
  for (const bytes of [
    await picture().jpeg({ quality: 100 }).toBuffer(),
    await picture().webp({ lossless: true }).toBuffer(),
    await picture().tiff().toBuffer(),
  ]) {
    const image = await read(bytes);
    assert.equal([image.width, image.height, image.channels, image.depth, image.exact], [16, 8, 3, 8, false]);
    assert.ok(image.data.every((value, i) => Math.abs(value - GRADIENT[i]) < 24));
  }
});

test('a JPEG is never taken for a label map', async () => {
  const grey = await read(await picture().greyscale().jpeg().toBuffer());
  await refuses(
    () => labelIds(grey, { labelNc: 256 }),
    65,
    /label map in a format that is no PNG or PGM\. Save it as PNG from the original/,
  );
});

test('EXIF turns are left undone, as by Pillow, and noted', async () => {
  const turned = await read(await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer());
  assert.equal([turned.width, turned.height], [16, 8]);
  assert.match(turned.notes[0], /EXIF orientation 6/);
});

test('damaged and oversized JPEG files are refused', async () => {
  const jpeg = await picture().jpeg().toBuffer();
  await refuses(() => read(jpeg.subarray(0, jpeg.length - 40)), 65, /a\.png: cannot be decoded/);
  await refuses(() => read(jpeg, 'big.jpg', { maxPixels: 100 }), 65, /big\.jpg: cannot be decoded: .*pixel limit/);
});

test('PGM and PPM, 8 and 16 bits, with comments', async () => {
  const grey = await read('P5\n# made by hand\n2 1\n255\n\x01\x02', 'a.pgm');
  assert.equal([grey.channels, grey.exact, [...grey.data]], [1, true, [1, 2]]);
  const deep = await read(Buffer.from('P5 1 2 65535\n\x01\x02\x03\x04', 'latin1'));
  assert.equal([deep.depth, [...deep.data]], [16, [0x102, 0x304]]);
  assert.equal([...(await read('P6 1 1 255\nabc')).data], [97, 98, 99]);
  await refuses(() => read('P5 2 2 255\nabc'), 65, /cut short: 3 of 4 bytes/);
  await refuses(() => read('P5 99999 99999 255\n'), 65, /99999×99999 pixels/);
  await refuses(() => read('P5 2 2 7\nabcd'), 65, /header that is not understood/);
});

test('other formats and missing files are told', async () => {
  await refuses(() => read('BM123456', 'a.bmp'), 65, /a\.bmp: is no PNG, JPEG, WebP, TIFF or PPM\. Convert it to PNG/);
  await refuses(() => readImage('nowhere/x.png'), 66, /nowhere\/x\.png: no such file/);
  await refuses(() => readImage('test'), 74, /test: is a folder, expected a file/);
});

test.run();
