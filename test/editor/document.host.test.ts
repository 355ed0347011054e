// What is drawn: shapes, objects, undo, files.

import fc from 'fast-check';
import { unzipSync, zipSync, zlibSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeProject, encodeProject, idsPng, kindOf, mapsOf } from '../../editor/document/files.js';
import { applyStep, EMPTY_HISTORY, redo, snapshot, stepSince, undo, withStep } from '../../editor/document/history.js';
import { cropMaps, type Drawing, shrinkMaps } from '../../editor/document/maps.js';
import * as objects from '../../editor/document/objects.js';
import { readPng, writePng } from '../../editor/document/png.js';
import { bucket, ellipse, fillShape, polygon, rectangle, type Shape, stroke } from '../../editor/document/shapes.js';
import { decodePng, encodePng, packedPng } from '../../src/data/png.js';

const test = suite('editor document');

const drawing = (width = 12, height = 8): Drawing => ({
  width,
  height,
  labels: new Uint16Array(width * height),
  instances: new Uint16Array(width * height),
  styles: new Map(),
  seed: 1,
});

/** Rows of a shape on a small picture, # where it fills. */
function rows(shape: Shape, width = 8, height = 5): string[] {
  const out = new Uint8Array(width * height);
  fillShape({ width, height }, shape, (begin, end) => out.fill(1, begin, end));
  return Array.from({ length: height }, (_, y) =>
    [...out.subarray(y * width, (y + 1) * width)].map((on) => (on ? '#' : '.')).join(''),
  );
}

test('shapes fill the pixels whose centres they hold', () => {
  assert.equal(rows(rectangle({ x: 5, y: 4 }, { x: 2, y: 1 })), [
    '........',
    '..###...',
    '..###...',
    '..###...',
    '........',
  ]);
  assert.equal(rows(ellipse({ x: 1, y: 0 }, { x: 6, y: 5 })), [
    '..###...',
    '.#####..',
    '.#####..',
    '.#####..',
    '..###...',
  ]);
  const triangle = [
    { x: 0, y: 0 },
    { x: 8, y: 0 },
    { x: 0, y: 5 },
  ];
  assert.equal(rows(polygon(triangle)), ['#######.', '######..', '####....', '##......', '#.......']);
  assert.equal(rows(stroke({ x: 3.5, y: 2.5 }, { x: 3.5, y: 2.5 }, 1)), [
    '........',
    '........',
    '...#....',
    '........',
    '........',
  ]);
  assert.equal(rows(stroke({ x: 2, y: 2.5 }, { x: 6, y: 2.5 }, 3)), [
    '........',
    '.######.',
    '########',
    '.######.',
    '........',
  ]);
});

test('shapes that reach over the rim are cut there', () => {
  assert.equal(rows(rectangle({ x: -9, y: -9 }, { x: 99, y: 99 })), Array(5).fill('########'));
  assert.equal(rows(ellipse({ x: 20, y: 20 }, { x: 30, y: 30 })), Array(5).fill('........'));
});

test('the bucket fills what hangs together and no more', () => {
  const maps = drawing(5, 4);
  maps.labels.set([0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const filled = new Uint8Array(20);
  fillShape(maps, bucket(maps, { x: 0, y: 0 }), (begin, end) => filled.fill(1, begin, end));
  assert.equal([...filled], [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

const anyEdit = fc.record({
  kind: fc.constantFrom('paint', 'remove', 'move', 'duplicate', 'reclass', 'style'),
  a: fc.record({ x: fc.integer({ min: -2, max: 13 }), y: fc.integer({ min: -2, max: 9 }) }),
  b: fc.record({ x: fc.integer({ min: -2, max: 13 }), y: fc.integer({ min: -2, max: 9 }) }),
  label: fc.integer({ min: 0, max: 4 }),
});

function apply(all: Drawing, { kind, a, b, label }: typeof anyEdit extends fc.Arbitrary<infer T> ? T : never): void {
  const x = Math.min(Math.max(a.x, 0), all.width - 1);
  const y = Math.min(Math.max(a.y, 0), all.height - 1);
  const { instance } = objects.at(all, x, y);
  if (kind === 'paint') objects.paint(all, stroke(a, b, 3), { label, instance: objects.freeId(all, label) });
  if (kind === 'remove') objects.remove(all, instance);
  if (kind === 'move') objects.move(all, instance, b.x - 5, b.y - 3);
  if (kind === 'duplicate') objects.duplicate(all, instance, 2, 1);
  if (kind === 'reclass') objects.reclass(all, instance, label);
  if (kind === 'style') all.styles.set(instance, label);
}

const bytes = ({ labels, instances, styles, seed }: Drawing) => [[...labels], [...instances], [...styles], seed];

test('undo and redo give back every byte, over hundreds of edits of every kind', () => {
  fc.assert(
    fc.property(fc.array(anyEdit, { maxLength: 120 }), (edits) => {
      const all = drawing();
      let history = EMPTY_HISTORY;
      const states = [bytes(all)];
      for (const edit of edits) {
        const before = snapshot(all);
        apply(all, edit);
        const step = stepSince(edit.kind, before, all);
        if (!step) continue;
        history = withStep(history, step);
        states.push(bytes(all));
      }
      for (let i = states.length - 2; i >= 0; i--) {
        const [left, step] = undo(history)!;
        history = left;
        applyStep(all, step, 'before');
        assert.equal(bytes(all), states[i]);
      }
      assert.is(undo(history), undefined);
      for (let i = 1; i < states.length; i++) {
        const [left, step] = redo(history)!;
        history = left;
        applyStep(all, step, 'after');
        assert.equal(bytes(all), states[i]);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test('an edit changes an object and leaves the others', () => {
  const all = drawing(6, 1);
  all.labels.set([1, 1, 2, 2, 3, 3]);
  all.instances.set([1, 1, 2000, 2000, 3, 3]);
  all.styles.set(2000, 1);
  assert.is(objects.duplicate(all, 2000, 2, 0), 2001);
  assert.equal([...all.instances], [1, 1, 2000, 2000, 2001, 2001]);
  assert.is(all.styles.get(2001), 1, 'in the same style');
  objects.remove(all, 2000);
  assert.equal([...all.instances], [1, 1, 1, 2001, 2001, 2001], 'what is around takes its place');
  assert.is(objects.reclass(all, 2001, 4), 4000);
  assert.equal([...all.labels], [1, 1, 1, 4, 4, 4]);
  assert.not.ok(all.styles.has(2001));
});

test('free ids are of the class, never in use, and never beyond 16 bits', () => {
  const all = drawing(4, 1);
  all.instances.set([3000, 3002, 9, 65535]);
  assert.is(objects.freeId(all, 3), 3003);
  assert.is(objects.freeId(all, 5), 5000);
  assert.is(objects.freeId(all, 200), 65534);
});

test('parts and coarse maps are where they should be', () => {
  const all = drawing(4, 4);
  all.labels.set([...Array(16).keys()]);
  assert.equal([...cropMaps(all, { left: 1, top: 2, right: 3, bottom: 4 }).labels], [9, 10, 13, 14]);
  assert.equal([...shrinkMaps(all, 2).labels], [5, 7, 13, 15]);
  assert.equal([...shrinkMaps(drawing(5, 3), 2).labels].length, 6);
});

test('a project holds maps of 16 bits and styles of both kinds', async () => {
  const all = drawing(3, 2);
  all.labels.set([0, 1, 2, 3, 4, 4]);
  all.instances.set([0, 1, 2000, 3001, 65535, 4]);
  all.styles.set(2000, 2).set(65535, [0.5, -1, 0.25]);
  all.seed = 9;
  const saved = await encodeProject(all);
  assert.equal(bytes(await decodeProject(saved, 'mine.zip', 5)), bytes(all));
  assert.is(decodePng(await idsPng(all.instances, all)).depth, 16);
  assert.is(decodePng(await idsPng(all.labels, all)).depth, 8);
  // Other programs read it, and may pack it again.
  const files = unzipSync(saved);
  assert.equal(Object.keys(files), ['project.json', 'labels.png', 'instances.png']);
  const packed = zipSync({ 'notes.txt': new Uint8Array(99), ...files }, { level: 9, comment: 'mine' });
  assert.equal(bytes(await decodeProject(packed, 'mine.zip', 5)), bytes(all));
});

/** A promise's failure, as `assert.match` takes it. */
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was wrong',
    ({ message }: Error) => message,
  );

test('what is no project, or of other classes, is refused by name', async () => {
  const all = drawing(2, 1);
  all.labels.set([0, 4]);
  const saved = await encodeProject(all);
  const refused = (bytes: Uint8Array, name: string, classes = 5) => failure(decodeProject(bytes, name, classes));
  assert.match(await refused(saved, 'mine.zip', 4), /id 4 at x=1 y=0.*classes 0…3/);
  assert.match(await refused(zipSync({ 'x.txt': new Uint8Array(1) }), 'x.zip'), /x\.zip: holds no project\.json/);
  assert.match(await refused(saved.subarray(0, saved.length - 30), 'torn.zip'), /torn\.zip: is damaged/);
  assert.match(await refused(new Uint8Array(9), 'short.zip'), /short\.zip: is damaged/);
  const flipped = saved.slice();
  flipped[60]! ^= 1;
  assert.match(await refused(flipped, 'flipped.zip'), /flipped\.zip: is damaged/);
  // More than its directory promises: nothing is unpacked beyond that.
  const bomb = zipSync({ 'labels.png': new Uint8Array(100_000) });
  new DataView(bomb.buffer).setUint32(bomb.length - 22 - 56 + 24, 10, true);
  assert.match(await refused(bomb, 'bomb.zip'), /bomb\.zip: is damaged/);
  const photo = {
    width: 1,
    height: 1,
    channels: 3,
    depth: 8,
    data: new Uint8Array(3),
    exact: true,
    notes: [],
    path: 'p.png',
  };
  assert.throws(() => mapsOf(photo, undefined, 5), /p\.png: is a picture in colours/);
});

test('a PNG through streams is what it is without, and refused in the same words', async () => {
  const width = 37;
  const data = Uint16Array.from({ length: width * 21 }, (_, i) => (i * 7919) % 65536);
  const input = { width, height: 21, channels: 1, data };
  const written = await writePng(input);
  assert.equal(decodePng(written, 'a.png'), await readPng(encodePng(input), 'a.png'));
  assert.equal([...decodePng(written).data], [...data]);
  for (const end of [20, 200, written.length - 13]) {
    const torn = written.subarray(0, end);
    assert.throws(
      () => decodePng(torn, 'a.png'),
      (error: Error) => error.message.includes('damaged PNG'),
    );
    assert.match(await failure(readPng(torn, 'a.png')), /a\.png: damaged PNG/);
  }
  const promising = (rows: Uint8Array) => failure(readPng(packedPng(input, rows), 'a.png'));
  assert.match(await promising(zlibSync(new Uint8Array(9999))), /holds more than the 1575 bytes/);
  assert.match(await promising(zlibSync(new Uint8Array(1000))), /holds 1000 of 1575 bytes/);
  assert.match(await promising(new Uint8Array(99)), /cannot be decompressed/);
});

test('files are told apart by their first bytes', async () => {
  const all = drawing(1, 1);
  assert.is(kindOf(await idsPng(all.labels, all)), 'map');
  assert.is(kindOf(await encodeProject(all)), 'project');
  assert.is(kindOf(Uint8Array.of(0xff, 0xd8, 0xff)), 'photo');
  assert.is(kindOf(new Uint8Array(8)), 'checkpoint');
});

test.run();
