import { crc32, deflateSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toRgb } from '../../src/data/image.js';
import { decodePng, encodePng } from '../../src/data/png.js';
import { fuzz } from '../formats/mutate.js';
import { refuses } from '../formats/support.js';
import { greyPng, makePng, type Png } from './make-png.js';

const test = suite('png');

const noise = (count: number, depth: number) =>
  Array.from({ length: count }, (_, i) => (i * 40503 + (i >> 2)) % 2 ** depth);
const KINDS: [colour: number, channels: number, depths: number[]][] = [
  [0, 1, [1, 2, 4, 8, 16]],
  [2, 3, [8, 16]],
  [3, 1, [1, 2, 4, 8]],
  [4, 2, [8, 16]],
  [6, 4, [8, 16]],
];
const palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 7) & 255]);

for (const [colour, channels, depths] of KINDS) {
  for (const depth of depths) {
    test(`colour type ${colour}, ${depth} bits, every filter, odd size`, () => {
      const samples = noise(13 * 11 * channels, depth);
      const image = decodePng(
        makePng({
          width: 13,
          height: 11,
          depth,
          colour,
          samples,
          palette: colour === 3 ? palette.slice(0, 2 ** depth) : undefined,
        }),
      );
      assert.equal([image.width, image.height, image.channels, image.depth], [13, 11, channels, depth]);
      assert.equal([...image.data], samples);
      assert.is(image.data instanceof Uint16Array, depth === 16);
      assert.equal(image.palette, colour === 3 ? palette.slice(0, 2 ** depth) : undefined);
    });
  }
}

test('interlaced pictures of every small size', () => {
  for (const [width, height] of [
    [1, 1],
    [5, 1],
    [1, 5],
    [2, 3],
    [8, 8],
    [9, 17],
    [13, 11],
  ]) {
    for (const [colour, channels, depth] of [
      [0, 1, 1],
      [0, 1, 4],
      [0, 1, 8],
      [2, 3, 8],
      [0, 1, 16],
      [6, 4, 16],
    ]) {
      const samples = noise(width * height * channels, depth);
      const image = decodePng(makePng({ width, height, depth, colour, samples, interlaced: true }));
      assert.equal([...image.data], samples, `${width}×${height} type ${colour} ${depth} bits`);
    }
  }
});

test('encoding and decoding give the same samples', () => {
  for (const channels of [1, 2, 3, 4]) {
    for (const data of [Uint8Array.from(noise(60 * channels, 8)), Uint16Array.from(noise(60 * channels, 16))]) {
      assert.equal(decodePng(encodePng({ width: 10, height: 6, channels, data })).data, data);
    }
  }
  const indexed = decodePng(
    encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 0), palette: palette.slice(0, 2) }),
  );
  assert.equal([indexed.palette, [...indexed.data]], [palette.slice(0, 2), [1, 0]]);
});

test('as a photo: grey repeats, alpha goes, 16 bits keep the upper 8, few bits stretch, indices take their colour', () => {
  const rgb = (png: Omit<Png, 'width' | 'height'>) => [...toRgb(decodePng(makePng({ width: 2, height: 1, ...png })))];
  assert.equal(rgb({ colour: 0, depth: 8, samples: [1, 200] }), [1, 1, 1, 200, 200, 200]);
  assert.equal(rgb({ colour: 4, depth: 8, samples: [1, 9, 200, 9] }), [1, 1, 1, 200, 200, 200]);
  assert.equal(rgb({ colour: 6, depth: 8, samples: [1, 2, 3, 9, 4, 5, 6, 9] }), [1, 2, 3, 4, 5, 6]);
  assert.equal(rgb({ colour: 0, depth: 16, samples: [0x12ff, 0xff00] }), [18, 18, 18, 255, 255, 255]);
  assert.equal(rgb({ colour: 0, depth: 2, samples: [1, 3] }), [85, 85, 85, 255, 255, 255]);
  assert.equal(rgb({ colour: 3, depth: 8, samples: [1, 0], palette }), [1, 254, 7, 0, 255, 0]);
});

test('an index past the palette is refused', () =>
  refuses(
    () =>
      toRgb(
        decodePng(makePng({ width: 1, height: 1, colour: 3, depth: 8, samples: [9], palette: palette.slice(0, 2) })),
      ),
    65,
    /index 9/,
  ));

const good = greyPng(20, 10, noise(200, 8));
const changed = (at: number, value: number) => {
  const bytes = good.slice();
  bytes[at] = value;
  return bytes;
};
const header = (
  width: number,
  height: number,
  depth: number,
  colour: number,
  idat: Uint8Array = deflateSync(Uint8Array.of(0, 0)),
) => makePng({ width, height, depth, colour, samples: [], idat });

const HOSTILE: [name: string, bytes: Uint8Array, message: RegExp][] = [
  ['no PNG', Uint8Array.of(1, 2, 3), /signature is missing/],
  ['65535×65535', header(65535, 65535, 8, 2), /65535×65535 pixels, the limit is 67108864/],
  ['2^32−1 wide', header(2 ** 32 - 1, 1, 1, 0), /4294967295×1 pixels, the limit/],
  ['no pixels', header(0, 5, 8, 0), /0×5 pixels/],
  ['a bomb in a small picture', header(4, 4, 8, 0, deflateSync(new Uint8Array(50_000_000))), /more than the 20 bytes/],
  ['a large promise over little data', header(8192, 8192, 16, 6), /cannot hold the 536879104/],
  ['too few pixels', header(4, 4, 8, 0), /holds 2 of 20 bytes/],
  ['cut short', good.slice(0, good.length - 20), /cut short/],
  ['cut to its header', good.slice(0, 33), /cut short/],
  ['a wrong CRC', changed(60, good[60] ^ 1), /IDAT fails its CRC/],
  ['a damaged header', changed(23, 11), /IHDR fails its CRC/],
  ['colour type 5', header(4, 4, 8, 5), /colour type 5 with 8 bits/],
  ['RGB of 4 bits', header(4, 4, 4, 2), /colour type 2 with 4 bits/],
  [
    'a palette picture without palette',
    makePng({ width: 1, height: 1, depth: 8, colour: 3, samples: [0] }),
    /palette is missing/,
  ],
  [
    'an unknown critical chunk',
    makePng({ width: 1, height: 1, depth: 8, colour: 0, samples: [0], extra: [['ABCD', Uint8Array.of()]] }),
    /unknown chunk ABCD/,
  ],
  ['filter type 9', header(1, 1, 8, 0, deflateSync(Uint8Array.of(9, 0))), /unknown filter 9 in row 0/],
  ['pixels that are no zlib stream', header(1, 1, 8, 0, Uint8Array.of(1, 2, 3, 4)), /cannot be decompressed/],
];

for (const [name, bytes, message] of HOSTILE) {
  test(`refused: ${name}`, async () => {
    await refuses(() => decodePng(bytes, 'evil.png'), 65, message);
  });
}

test('a colour profile that would unpack to 100 MB is never unpacked', () => {
  const bomb = Uint8Array.from([0x78, 0, 0, ...deflateSync(new Uint8Array(100_000_000))]);
  const before = process.memoryUsage().rss;
  decodePng(makePng({ width: 1, height: 1, depth: 8, colour: 0, samples: [7], extra: [['iCCP', bomb]] }));
  assert.ok(process.memoryUsage().rss - before < 64e6);
});

test('a lower limit can be set', () =>
  refuses(() => decodePng(good, 'x', { maxPixels: 199 }), 65, /20×10 pixels, the limit is 199/));

test('2,000 mutations, CRCs mended: decoded or refused, never anything else', async () => {
  const seed = makePng({
    width: 9,
    height: 7,
    depth: 8,
    colour: 3,
    samples: noise(63, 2),
    palette: palette.slice(0, 4),
  });
  const { png } = await fuzz(
    [{ name: 'png', seed, read: (bytes) => decodePng(mendCrcs(bytes), 'x', { maxPixels: 1e6 }) }],
    2000,
    11,
  );
  assert.ok(png.refused > 200 && png.accepted > 20, JSON.stringify(png));
});

/** Without this the CRC check would catch nearly every mutation before the code behind it is reached. */
function mendCrcs(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (length > bytes.length - at - 12) break;
    const mended = crc32(bytes.subarray(at + 4, at + 8 + length));
    view.setUint32(at + 8 + length, mended);
    at += 12 + length;
  }
  return bytes;
}

test.run();
