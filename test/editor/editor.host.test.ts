// The editor without its looks and without a GPU: what strokes, styles and losses of the painter do to its state.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Drawing } from '../../editor/document/maps.js';
import { createEditor } from '../../editor/editor.js';
import { paintingLoop } from '../../editor/painter/loop.js';
import type { Model, Painter, PaintRequest } from '../../editor/painter/messages.js';
import type { Image } from '../../src/data/image.js';
import { MANIFEST } from '../generate/make-styled.js';

const test = suite('editor');

const CENTRES = [
  [],
  [],
  [],
  [
    [0, 0, 0],
    [1, 1, 1],
    [2, 2, 2],
  ],
  [],
];
const model: Model = { manifest: { ...MANIFEST, styles: CENTRES }, canEncode: true, adapter: 'none' };

function make({ fails = 0 } = {}) {
  const painted: PaintRequest[] = [];
  const painter: Painter = {
    load: async () => model,
    async paint(request) {
      painted.push(request);
      if (fails-- > 0) throw new Error('no memory');
      return { ms: 5, factor: 1, recovered: false };
    },
    prepare: async () => {},
    thumbnail: async (request) => request as unknown as ImageBitmap,
    picture: async () => ({}) as ImageData,
    readPng: async () => ({}) as Image,
    readProject: async () => ({}) as Drawing,
    project: async () => new Uint8Array(),
    mapFiles: async () => ({ labels: new Uint8Array(), instances: new Uint8Array() }),
    encode: async (_, ids) => new Map([...new Set(ids)].map((id) => [id, [id, 0, 0]])),
  };
  const editor = createEditor(painter, { changed() {}, drawn() {} });
  return { editor, painted };
}

const turn = () => new Promise((go) => setTimeout(go));

async function opened(options = {}) {
  const made = make(options);
  await made.editor.loadModel('x', 'x');
  const labels = new Uint16Array(64).fill(1);
  const instances = new Uint16Array(64).fill(1);
  labels.fill(3, 40);
  instances.fill(3000, 40, 52).fill(3001, 52);
  made.editor.open({ width: 8, height: 8, labels, instances, styles: new Map(), seed: 1 });
  await made.editor.loop.idle();
  await turn(); // for what comes behind the picture
  made.painted.length = 0;
  return made;
}

const click = ({ pens }: ReturnType<typeof make>['editor'], x: number, y: number) => {
  pens.down({ x, y });
  pens.up();
};

test('a stroke is one step, previews come while it is drawn, and the whole when it ends', async () => {
  const { editor, painted } = await opened();
  editor.set({ label: 2, size: 2 });
  editor.pens.down({ x: 1, y: 1 });
  editor.pens.move({ x: 3, y: 1 });
  editor.pens.move({ x: 5, y: 1 });
  editor.pens.up();
  await editor.loop.idle();
  assert.is(editor.state.history.done.length, 1);
  assert.ok(painted[0]!.preview, 'a preview first');
  assert.is(painted.at(-1)!.preview, undefined, 'the whole at last');
  assert.ok(editor.state.drawing!.labels.includes(2));
});

test('a stroke goes on with the object it begins on, or makes a new one', async () => {
  const { editor } = await opened();
  editor.set({ label: 3, size: 1 });
  editor.pens.down({ x: 0, y: 5 });
  editor.pens.move({ x: 0, y: 3 });
  editor.pens.up();
  assert.is(editor.state.drawing!.instances[3 * 8], 3000);
  editor.set({ mode: 'new' });
  click(editor, 5, 1);
  assert.is(editor.state.drawing!.instances[8 + 5], 3002);
  await editor.loop.idle();
});

test('classes whose things are not told apart have their own number as id', async () => {
  const { editor } = await opened();
  editor.set({ label: 1, size: 1 });
  click(editor, 0, 7);
  assert.is(editor.state.drawing!.instances[56], 1);
  await editor.loop.idle();
});

test('the eraser brings back what was opened', async () => {
  const { editor } = await opened();
  const before = editor.state.drawing!.labels.slice();
  editor.set({ label: 2, size: 3 });
  click(editor, 3, 3);
  editor.set({ tool: 'eraser', size: 9 });
  click(editor, 3, 3);
  assert.equal(editor.state.drawing!.labels, before);
  await editor.loop.idle();
});

test('an object is chosen, moved by a drag, given a style, and all is undone', async () => {
  const { editor } = await opened();
  const drawing = editor.state.drawing!;
  const before = drawing.instances.slice();
  editor.set({ tool: 'select' });
  editor.pens.down({ x: 1, y: 5 });
  editor.pens.move({ x: 1, y: 3 });
  editor.pens.up();
  assert.is(editor.state.selected, 3000);
  assert.is(drawing.instances[3 * 8], 3000);
  assert.equal(editor.centresOf(3000), CENTRES[3]);
  editor.chooseStyle(3000, 2);
  assert.equal([...drawing.styles], [[3000, 2]]);
  editor.undo();
  editor.undo();
  assert.equal([...drawing.styles], []);
  assert.equal(drawing.instances, before);
  await editor.loop.idle();
});

test('an escaped stroke leaves nothing', async () => {
  const { editor } = await opened();
  const before = editor.state.drawing!.labels.slice();
  editor.set({ label: 2 });
  editor.pens.down({ x: 3, y: 3 });
  editor.pens.cancel();
  editor.pens.up();
  assert.equal(editor.state.drawing!.labels, before);
  assert.is(editor.state.history.done.length, 0);
  await editor.loop.idle();
});

test('a photo gives its style to the object that is chosen, or all objects those of their places', async () => {
  const { editor } = await opened();
  const photo = { width: 8, height: 8, data: new Uint8ClampedArray(256) } as ImageData;
  editor.select(3001);
  await editor.styleFromPhoto(photo);
  assert.equal([...editor.state.drawing!.styles], [[3001, [0, 0, 0]]]);
  editor.select(undefined);
  await editor.styleFromPhoto(photo);
  assert.equal(editor.state.drawing!.styles.get(3000), [3000, 0, 0]);
  await editor.loop.idle();
});

test('another checkpoint paints the drawing anew, or begins one where the classes are others', async () => {
  const { editor, painted } = await opened();
  const before = editor.state.drawing;
  editor.fitDrawing();
  await editor.loop.idle();
  assert.is(editor.state.drawing, before);
  assert.is(painted.at(-1)!.preview, undefined, 'all of it');
  before!.labels[0] = 99;
  editor.fitDrawing();
  await editor.loop.idle();
  assert.ok(editor.state.drawing!.labels.every((label) => label < 99));
});

test('a painter that fails says so, and drawing goes on', async () => {
  const { editor } = await opened({ fails: 0 });
  const failing = await opened({ fails: 2 });
  assert.equal(failing.editor.state.notice, { kind: 'error', text: 'no memory' });
  failing.editor.set({ label: 2 });
  click(failing.editor, 2, 2);
  await failing.editor.loop.idle();
  assert.ok(failing.editor.state.drawing!.labels.includes(2));
  assert.ok(failing.editor.state.timing.full, 'the next one is painted');
  await editor.loop.idle();
});

test('pictures are painted one at a time, what came meanwhile together, and the whole once the hand rests', async () => {
  const asked: string[] = [];
  let release = () => {};
  let rest = () => {};
  let down = true;
  const loop = paintingLoop({
    busy: () => down,
    paint: (preview) => {
      asked.push(preview ? `${preview.left}…${preview.right}` : 'all');
      return new Promise((done) => {
        release = done;
      });
    },
    setTimer: (fn) => {
      rest = fn;
      return 1 as never;
    },
    clearTimer: () => {},
  });
  const box = (left: number) => ({ left, right: left + 1, top: 0, bottom: 1 });
  const step = async () => {
    release();
    await new Promise((done) => setTimeout(done));
  };
  loop.touch(box(0));
  loop.touch(box(3));
  loop.touch(box(7));
  assert.equal(asked, ['0…1']);
  await step();
  assert.equal(asked, ['0…1', '3…8']);
  await step();
  rest();
  assert.is(asked.length, 2, 'not while the pen is down');
  down = false;
  rest();
  assert.equal(asked.at(-1), 'all');
  await step();
  await loop.idle();
});

test('what is only nice to have waits for the picture, one after another, and a stroke comes between', async () => {
  const done: string[] = [];
  let rest = () => {};
  const loop = paintingLoop({
    busy: () => false,
    paint: async (preview) => void done.push(preview ? 'preview' : 'full'),
    setTimer: (fn) => {
      rest = fn;
      return 1 as never;
    },
    clearTimer: () => {},
  });
  const job = (name: string) => async () => void done.push(name);
  const touch = async () => loop.touch({ left: 0, top: 0, right: 1, bottom: 1 });
  loop.spare([job('a'), touch, job('b'), job('c')]);
  await turn();
  assert.equal(done, ['a', 'preview'], 'the hand has not rested');
  rest();
  await turn();
  assert.equal(done.splice(0), ['a', 'preview', 'full', 'b', 'c']);
  loop.spare([job('d'), job('e')]);
  loop.spare([job('f')]);
  await turn();
  assert.equal(done, ['d', 'f'], 'what is asked last takes the place of what waited');
});

test('a strip shows its object in every style, small, and touches neither drawing nor history', async () => {
  const { editor } = await opened();
  const shown: PaintRequest[] = [];
  editor.styleStrip(3000, [0, 2], (image, place) => {
    shown[place] = image as unknown as PaintRequest;
  });
  await turn();
  assert.equal(
    shown.map(({ styles }) => [...styles]),
    [[[3000, 0]], [[3000, 2]]],
  );
  const side = 512;
  const wide = new Uint16Array(side * side).fill(3);
  editor.open({ width: side, height: side, labels: wide, instances: wide.slice(), styles: new Map(), seed: 1 });
  await editor.loop.idle();
  editor.styleStrip(3, [1], (image) => shown.push(image as unknown as PaintRequest));
  await turn();
  assert.equal([shown.at(-1)!.maps.width, shown.at(-1)!.maps.height], [128, 128]);
  assert.is(editor.state.drawing!.styles.size, 0);
});

test.run();
