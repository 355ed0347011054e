import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Point } from '../../editor/document/shapes.js';
import { fitted, type Looks, onMap, panned, pinched, zoomed } from '../../editor/view/looks.js';

const test = suite('where the picture lies in the view');

const LOOKS: Looks = { zoom: 2, x: 30, y: -10, opacity: 1, wipe: 0 };
const near = (a: Point, b: Point) =>
  assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < 1e-9, `${a.x}, ${a.y} instead of ${b.x}, ${b.y}`);

test('what is zoomed around stays where it is, and zooming ends at both ends', () => {
  const place = { x: 100, y: 50 };
  near(onMap(zoomed(LOOKS, 3, place), place), onMap(LOOKS, place));
  assert.is(zoomed(LOOKS, 1000, place).zoom, 32);
  assert.is(zoomed(LOOKS, 0.001, place).zoom, 0.1);
});

test('a fitted picture lies in the middle', () => {
  const looks = fitted(LOOKS, { width: 432, height: 232 } as DOMRect, { width: 100, height: 100 });
  assert.is(looks.zoom, 2);
  near(onMap(looks, { x: 216, y: 116 }), { x: 50, y: 50 });
});

test('what is panned follows the hand', () => {
  const [from, to] = [
    { x: 10, y: 20 },
    { x: 15, y: 12 },
  ];
  near(onMap(panned(LOOKS, from, to), to), onMap(LOOKS, from));
});

test('two fingers twice as far apart zoom by two, and each keeps what lies under it', () => {
  const [other, from, to] = [0, 20, 40].map((x) => ({ x, y: 0 })) as [Point, Point, Point];
  const looks = pinched(LOOKS, other, from, to);
  assert.is(looks.zoom, 4);
  near(onMap(looks, other), onMap(LOOKS, other));
  near(onMap(looks, to), onMap(LOOKS, from));
  assert.is(pinched(LOOKS, other, other, to).zoom, 32); // from one place: not infinitely large
});

test.run();
