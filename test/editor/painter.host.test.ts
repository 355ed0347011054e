// The worker's painter on a real device: what it shows is what the generator paints, previews change their part alone, and a
// lost device is no end. The canvas is a texture that can be read.

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PaintRequest } from '../../editor/painter/messages.js';
import { createPainter } from '../../editor/painter/painter.js';
import { chooseAdapter } from '../../src/device/node.js';
import { fakeCanvas } from './fake-canvas.js';
import { smallMaps } from './small-maps.js';

const test = suite('painter');
const CHECKPOINT = 'examples/demo/earth.safetensors';
const DESERT = 7;

class FakeImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

const maps = smallMaps();
const request = (change: Partial<PaintRequest> = {}): PaintRequest => ({ maps, styles: new Map(), seed: 1, ...change });

let fake: ReturnType<typeof fakeCanvas>;
let painter: ReturnType<typeof createPainter>;

test.before(async () => {
  Object.assign(globalThis, { ImageData: FakeImageData, createImageBitmap: async (image: unknown) => image });
  const gpu = { requestAdapter: async () => (await chooseAdapter()).adapter };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  fake = fakeCanvas();
  painter = createPainter(fake.canvas, () => {});
  const bytes = new Uint8Array(readFileSync(CHECKPOINT));
  const model = await painter.load(bytes.buffer, 'earth.safetensors');
  assert.ok(model.canEncode);
  assert.is(model.manifest.classes.names[DESERT], 'desert');
});

test.after(() => {
  for (const name of ['ImageData', 'createImageBitmap', 'navigator']) Reflect.deleteProperty(globalThis, name);
});

const alike = (a: ArrayLike<number>, b: ArrayLike<number>, where = (_: number) => true): boolean =>
  Array.from(a).every((value, i) => !where(i >> 2) || Math.abs(value - b[i]!) <= 1);

test('what it shows is the picture, byte for byte but for rounding', async () => {
  await painter.paint(request());
  const { data, width, height } = await painter.picture(request());
  assert.equal([width, height], [64, 64]);
  const shown = await fake.shown();
  assert.ok(Math.max(...shown) - Math.min(...shown.filter((_, i) => i % 4 !== 3)) > 100);
  assert.ok(alike(shown, data));
});

test('a preview changes its part and nothing around', async () => {
  const before = await fake.shown();
  const drawn = { ...maps, labels: maps.labels.map((label, i) => (i % 64 < 8 && i < 512 ? DESERT : label)) };
  await painter.paint(request({ maps: drawn, preview: { left: 0, top: 0, right: 8, bottom: 8 } }));
  const after = await fake.shown();
  const outside = (pixel: number) => pixel % 64 >= 32 || pixel >= 32 * 64;
  assert.ok(alike(before, after, outside), 'nothing beyond the margin');
  assert.not.ok(alike(before, after), 'but within');
});

test('styles are previewed on the one object that is asked about', async () => {
  const id = [...new Set(maps.instances)].find((each) => each >= 7000 && each < 8000)!;
  const shown = await fake.shown();
  const inStyle = async (style: number) =>
    (await painter.thumbnail(request({ styles: new Map([[id, style]]) }))) as unknown as ImageData;
  const [first, third] = [await inStyle(0), await inStyle(2)];
  const inside = (pixel: number) => maps.instances[pixel] === id;
  assert.not.ok(alike(first.data, third.data, inside));
  assert.equal(await fake.shown(), shown, 'beside what is shown');
});

test('what the first preview needs is made beforehand, and shows nothing', async () => {
  const shown = await fake.shown();
  await painter.prepare(request());
  assert.equal(await fake.shown(), shown);
});

test("a photo's styles come by the ids of its regions", async () => {
  const photo = new FakeImageData(new Uint8ClampedArray(64 * 64 * 4).fill(200), 64, 64) as ImageData;
  const found = await painter.encode(photo, maps.instances);
  assert.equal([...found.keys()].sort(), [...new Set(maps.instances)].sort());
  assert.is([...found.values()][0]!.length, 3);
});

test('a lost device is opened again, and the same picture comes', async () => {
  const { data } = await painter.picture(request());
  fake.lose();
  const { recovered } = await painter.paint(request());
  assert.ok(recovered);
  assert.ok(alike(await fake.shown(), data));
});

test('a loss that a thumbnail meets is told with the next picture, once', async () => {
  fake.lose();
  await painter.thumbnail(request());
  assert.ok((await painter.paint(request())).recovered);
  assert.not.ok((await painter.paint(request())).recovered);
});

test('a broken checkpoint is refused, and the one before goes on painting', async () => {
  const torn = new TextEncoder().encode('no checkpoint at all').buffer as ArrayBuffer;
  const message = await painter.load(torn, 'torn.safetensors').then(
    () => 'taken',
    (error: Error) => error.message,
  );
  assert.match(message, /torn\.safetensors: not a valid safetensors file/);
  assert.not.ok((await painter.paint(request())).recovered);
});

test.run();
