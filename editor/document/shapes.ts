// Which pixels a tool touches. A shape calls `fill` with spans of rows: y, first x, x behind the last; pixels count where
// their centre is inside.

import { type Box, type Maps, union } from './maps.js';

export interface Point {
  x: number;
  y: number;
}

type Fill = (y: number, from: number, to: number) => void;
export type Shape = (size: { width: number; height: number }, fill: Fill) => void;

const range = (low: number, high: number, most: number): [first: number, end: number] => [
  Math.max(0, Math.ceil(low - 0.5)),
  Math.min(most, Math.floor(high - 0.5) + 1),
];

/** A shape given by whether a row is crossed, and from where to where. */
const convex =
  (top: number, bottom: number, extent: (y: number) => [number, number] | undefined): Shape =>
  ({ width, height }, fill) => {
    const [first, end] = range(top, bottom, height);
    for (let y = first; y < end; y++) {
      const sides = extent(y + 0.5);
      if (!sides) continue;
      const [from, to] = range(sides[0], sides[1], width);
      if (from < to) fill(y, from, to);
    }
  };

const join = (...shapes: Shape[]): Shape => {
  return (size, fill) => {
    for (const shape of shapes) shape(size, fill);
  };
};

export const rectangle = (a: Point, b: Point): Shape => {
  const sides: [number, number] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  return convex(Math.min(a.y, b.y), Math.max(a.y, b.y), () => sides);
};

/** The ellipse in the rectangle of two corners. */
export function ellipse(a: Point, b: Point): Shape {
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const [rx, ry] = [Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2];
  return convex(y - ry, y + ry, (row) => {
    const half = rx * Math.sqrt(Math.max(0, 1 - ((row - y) / ry) ** 2));
    return [x - half, x + half];
  });
}

const disc = ({ x, y }: Point, radius: number): Shape =>
  ellipse({ x: x - radius, y: y - radius }, { x: x + radius, y: y + radius });

/** The inside of a closed line, by the even-odd rule. */
export const polygon =
  (points: readonly Point[]): Shape =>
  ({ width, height }, fill) => {
    const [first, end] = range(Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y)), height);
    for (let y = first; y < end; y++) {
      const row = y + 0.5;
      const crossings = points
        .flatMap((a, i) => {
          const b = points[(i + 1) % points.length]!;
          return a.y <= row === b.y <= row ? [] : [a.x + ((row - a.y) / (b.y - a.y)) * (b.x - a.x)];
        })
        .sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [from, to] = range(crossings[i]!, crossings[i + 1]!, width);
        if (from < to) fill(y, from, to);
      }
    }
  };

/** What a round brush of this width touches on its way from a to b; at least the pixel it stands on. */
export function stroke(a: Point, b: Point, width: number): Shape {
  const radius = Math.max(width / 2, 0.5);
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const ends = join(disc(a, radius), disc(b, radius));
  const dot = width <= 1 ? join(pixelAt(a), pixelAt(b)) : ends;
  if (length === 0) return dot;
  const [nx, ny] = [((a.y - b.y) / length) * radius, ((b.x - a.x) / length) * radius];
  const corner = (p: Point, sign: number) => ({ x: p.x + sign * nx, y: p.y + sign * ny });
  return join(dot, polygon([corner(a, 1), corner(b, 1), corner(b, -1), corner(a, -1)]));
}

const pixelAt = ({ x, y }: Point): Shape => {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return rectangle({ x: left, y: top }, { x: left + 1, y: top + 1 });
};

/** All that hangs together with a pixel and is of the same class and object. */
export const bucket =
  (maps: Maps, { x, y }: Point): Shape =>
  ({ width, height }, fill) => {
    const { labels, instances } = maps;
    const start = Math.floor(y) * width + Math.floor(x);
    const [label, instance] = [labels[start], instances[start]];
    const done = new Uint8Array(width * height);
    const same = (at: number) => !done[at] && labels[at] === label && instances[at] === instance;
    const spans: [number, number, number][] = [];
    for (const stack = [start]; stack.length > 0; ) {
      const at = stack.pop()!;
      if (!same(at)) continue;
      const row = at - (at % width);
      let [from, to] = [at, at];
      while (from > row && same(from - 1)) from--;
      while (to + 1 < row + width && same(to + 1)) to++;
      done.fill(1, from, to + 1);
      spans.push([row / width, from - row, to + 1 - row]);
      for (let i = from; i <= to; i++) {
        if (i >= width) stack.push(i - width);
        if (i + width < labels.length) stack.push(i + width);
      }
    }
    // Found first, filled afterwards: filling changes what is looked at.
    for (const [row, from, to] of spans) fill(row, from, to);
  };

/** The pixels of an object, shifted. */
export const objectShape =
  ({ width, height, instances }: Maps, instance: number, dx = 0, dy = 0): Shape =>
  (size, fill) => {
    for (let y = 0; y < height; y++) {
      if (y + dy < 0 || y + dy >= size.height) continue;
      for (let x = 0; x < width; ) {
        if (instances[y * width + x] !== instance) {
          x++;
          continue;
        }
        const from = x;
        while (x < width && instances[y * width + x] === instance) x++;
        const [low, high] = [Math.max(0, from + dx), Math.min(size.width, x + dx)];
        if (low < high) fill(y + dy, low, high);
      }
    }
  };

/** Calls `put` for every span as places in the map. @returns the box around them */
export function fillShape(
  size: { width: number; height: number },
  shape: Shape,
  put: (begin: number, end: number) => void,
): Box | undefined {
  let box: Box | undefined;
  shape(size, (y, from, to) => {
    put(y * size.width + from, y * size.width + to);
    box = union(box, { left: from, right: to, top: y, bottom: y + 1 });
  });
  return box;
}
