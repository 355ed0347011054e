import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { colourLabels, defaultClasses, labelPalette } from '../../src/data/colours.js';
import { instanceEdges, toBytes } from '../../src/data/encode.js';
import { decodePng } from '../../src/data/png.js';
import { encodeSheet } from '../../src/data/sheet.js';
import { toPlanes } from '../../src/data/values.js';
import { readClasses } from '../../src/train/open-training.js';
import { refuses, withFolder } from '../formats/support.js';
import units from '../golden/units.json';

const test = suite('encoding and display');

test('edges of the golden example', () => {
  const ids = Int32Array.from('1122112233323333', Number);
  assert.is(instanceEdges(ids, { width: 4, height: 4 }).join(''), '0110111011110001');
  assert.equal(
    [...instanceEdges(Int32Array.from(units.edgeIds.flat()), { width: 4, height: 4 })],
    units.edges4x4.flat(),
  );
});

test('edges: both sides, no diagonals, no rim, any id', () => {
  const edges = (width: number, ...ids: number[]) => [
    ...instanceEdges(Int32Array.from(ids), { width, height: ids.length / width }),
  ];
  assert.equal(edges(3, 7, 7, 7), [0, 0, 0]);
  assert.equal(edges(2, 26001, 26002), [1, 1]);
  assert.equal(edges(3, 1, 1, 1, 1, 1, 1, 1, 1, 9), [0, 0, 0, 0, 0, 1, 0, 1, 1]);
});

test('there are 611 edge pixels in the golden input', () => {
  const ids = new Int32Array(32 * 48);
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 48; x++) {
      const label = (Math.floor(x / 10) + 2 * Math.floor(y / 9)) % 5;
      ids[y * 48 + x] = label < 3 ? label : label * 1000 + (Math.floor(x / 7) % 3);
    }
  }
  assert.is(
    instanceEdges(ids, { width: 48, height: 32 }).reduce((a, b) => a + b, 0),
    611,
  );
});

test('label colours: the bit pattern for most counts, Cityscapes for 35', () => {
  const first = [
    [0, 0, 0],
    [128, 0, 0],
    [0, 128, 0],
    [128, 128, 0],
    [0, 0, 128],
    [128, 0, 128],
    [0, 128, 128],
    [128, 128, 128],
    [64, 0, 0],
    [192, 0, 0],
  ];
  assert.equal(labelPalette(10), first);
  assert.equal(new Set(labelPalette(256).map(String)).size, 256);
  assert.equal([labelPalette(35).length, labelPalette(35)[7], labelPalette(35)[34]], [35, [128, 64, 128], [0, 0, 142]]);
  assert.equal([...colourLabels(Int32Array.of(1, 0), labelPalette(2))], [128, 0, 0, 0, 0, 0]);
  assert.throws(() => colourLabels(Int32Array.of(2), labelPalette(2)), /label 2 has no colour/);
});

test('pictures are rounded to bytes, truncated on demand, clipped always', () => {
  const planes = Float32Array.of(-1, 1, -2, 3, Number.NaN, 0);
  assert.equal([...toBytes(planes)], [0, 0, 0, 255, 255, 128]);
  assert.equal([...toBytes(planes, { truncate: true })], [0, 0, 0, 255, 255, 127]);
});

test('bytes to planes and back lose nothing', () => {
  const rgb = Uint8Array.from({ length: 768 }, (_, i) => i & 255);
  assert.equal(toBytes(toPlanes(rgb)), rgb);
});

test('a sheet: cells in a grid, small tiles enlarged by whole factors', () => {
  const tile = (side: number, value: number) => ({
    width: side,
    height: side,
    rgb: new Uint8Array(side * side * 3).fill(value),
  });
  const sheet = decodePng(encodeSheet([[tile(4, 200), tile(2, 100)], [tile(3, 50)]]));
  assert.equal([sheet.width, sheet.height, sheet.channels], [4 + 2 * 8, 4 + 2 * 8, 3]);
  const at = (x: number, y: number) => sheet.data[(y * 20 + x) * 3];
  assert.equal([at(4, 4), at(7, 7), at(12, 4), at(15, 7), at(4, 12), at(6, 14)], [200, 200, 100, 100, 50, 50]);
  assert.equal([at(0, 0), at(8, 4), at(7, 15), at(12, 12)], [32, 32, 32, 32]);
});

test('classes.json is read and checked', () =>
  withFolder(async (root) => {
    const path = join(root, 'classes.json');
    const read = (content: unknown) => {
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return readClasses(path);
    };
    assert.equal(await read({ classes: ['sea'], palette: [[1, 2, 3]], more: 1 }), {
      names: ['sea'],
      palette: [[1, 2, 3]],
    });
    assert.equal((await read({ classes: ['sea', 'land'] })).palette, labelPalette(2));
    await refuses(() => read({ classes: ['sea'], palette: [] }), 65, /1 classes but 0 colours/);
    await refuses(() => read({ classes: ['sea'], palette: [[1, 2, 256]] }), 65, /classes\.json: is no list of classes/);
    await refuses(() => read('{'), 65, /is no list of classes/);
    await refuses(() => readClasses(join(root, 'none.json')), 66, /none\.json/);
    assert.equal(defaultClasses(2), { names: ['class 0', 'class 1'], palette: labelPalette(2) });
  }));

test.run();
