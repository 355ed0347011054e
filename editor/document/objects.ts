// Objects: everything that shares an instance id. Ids follow Cityscapes' convention: below 1000 an id is the class itself,
// from 1000 on class · 1000 + a number.

import { classOfId } from '../../src/data/region-classes.js';
import { type Box, type Drawing, LARGEST_ID, type Maps, type Paint } from './maps.js';
import { fillShape, objectShape, type Shape } from './shapes.js';

/** All objects, largest first. */
export interface DrawnObject extends Paint {
  pixels: number;
}

export function objectsOf({ labels, instances }: Maps): DrawnObject[] {
  const found = new Map<number, DrawnObject>();
  for (let i = 0; i < instances.length; i++) {
    const instance = instances[i]!;
    const known = found.get(instance);
    if (known) known.pixels++;
    else found.set(instance, { instance, label: labels[i]!, pixels: 1 });
  }
  return [...found.values()].sort((a, b) => b.pixels - a.pixels);
}

/** Whether things of a class are told apart: as the picture does it, else where it tells any apart. */
export function hasObjects(maps: Maps, label: number): boolean {
  const objects = objectsOf(maps);
  const own = objects.filter((object) => object.label === label);
  return (own.length > 0 ? own : objects).some(({ instance }) => instance >= 1000);
}

/** An id for a new object: the next of its class, else any that is free. */
export function freeId({ instances }: Maps, label: number): number {
  const used = new Set(instances);
  const own = [...used].filter((id) => id >= 1000 && classOfId(id) === label);
  const next = Math.max(label * 1000 - 1, 999, ...own) + 1;
  if (next <= LARGEST_ID && !used.has(next) && (label === 0 || classOfId(next) === label)) return next;
  for (let id = LARGEST_ID; id > 0; id--) if (!used.has(id)) return id;
  return label;
}

export const at = ({ width, labels, instances }: Maps, x: number, y: number): Paint => {
  const place = Math.floor(y) * width + Math.floor(x);
  return { label: labels[place]!, instance: instances[place]! };
};

export const labelOf = ({ labels, instances }: Maps, instance: number): number | undefined => {
  const first = instances.indexOf(instance);
  return first < 0 ? undefined : labels[first]!;
};

export const boxOf = (maps: Maps, instance: number): Box | undefined =>
  fillShape(maps, objectShape(maps, instance), () => {});

/** Paints a shape. @returns the box of it */
export function paint(drawing: Maps, shape: Shape, { label, instance }: Paint): Box | undefined {
  return fillShape(drawing, shape, (begin, end) => {
    drawing.labels.fill(label, begin, end);
    drawing.instances.fill(instance, begin, end);
  });
}

/** Gives the pixels of a shape back what they were in `old`. */
export const restore = (drawing: Maps, shape: Shape, old: Maps): Box | undefined =>
  fillShape(drawing, shape, (begin, end) => {
    drawing.labels.set(old.labels.subarray(begin, end), begin);
    drawing.instances.set(old.instances.subarray(begin, end), begin);
  });

/** Fills the place of an object with what is around it: every pixel takes the nearest other object's. */
export function remove(drawing: Drawing, instance: number): void {
  const { width, height, labels, instances } = drawing;
  let rim = borderOf(drawing, instance);
  // Nothing else is there to take its place.
  if (rim.length === 0) return;
  const missing = instances.map((id) => (id === instance ? 1 : 0));
  while (rim.length > 0) {
    const next: number[] = [];
    for (const from of rim) {
      for (const to of neighbours(from, width, height)) {
        if (!missing[to]) continue;
        missing[to] = 0;
        labels[to] = labels[from]!;
        instances[to] = instances[from]!;
        next.push(to);
      }
    }
    rim = next;
  }
  drawing.styles.delete(instance);
}

function* neighbours(place: number, width: number, height: number): Generator<number> {
  const x = place % width;
  if (x > 0) yield place - 1;
  if (x + 1 < width) yield place + 1;
  if (place >= width) yield place - width;
  if (place < width * (height - 1)) yield place + width;
}

/** Pixels outside an object that touch it. */
function borderOf({ width, height, instances }: Maps, instance: number): number[] {
  const border: number[] = [];
  for (let i = 0; i < instances.length; i++) {
    if (instances[i] === instance) continue;
    for (const other of neighbours(i, width, height)) {
      if (instances[other] === instance) {
        border.push(i);
        break;
      }
    }
  }
  return border;
}

/** Moves an object over what is there, and closes its old place. */
export function move(drawing: Drawing, instance: number, dx: number, dy: number): void {
  const label = labelOf(drawing, instance);
  if (label === undefined || (dx === 0 && dy === 0)) return;
  const shape = objectShape({ ...drawing, instances: drawing.instances.slice() }, instance, dx, dy);
  const style = drawing.styles.get(instance);
  remove(drawing, instance);
  paint(drawing, shape, { label, instance });
  if (style !== undefined) drawing.styles.set(instance, style);
}

/** A copy under an id of its own, in the same style. @returns the id */
export function duplicate(drawing: Drawing, instance: number, dx: number, dy: number): number | undefined {
  const label = labelOf(drawing, instance);
  if (label === undefined) return undefined;
  const copy = freeId(drawing, label);
  const shape = objectShape({ ...drawing, instances: drawing.instances.slice() }, instance, dx, dy);
  paint(drawing, shape, { label, instance: copy });
  const style = drawing.styles.get(instance);
  if (style !== undefined) drawing.styles.set(copy, style);
  return copy;
}

/** Makes an object one of another class; its style was the old class's. @returns its new id */
export function reclass(drawing: Drawing, instance: number, label: number): number | undefined {
  if (labelOf(drawing, instance) === undefined) return undefined;
  const renamed = hasObjects(drawing, label) ? freeId(drawing, label) : label;
  paint(drawing, objectShape(drawing, instance), { label, instance: renamed });
  drawing.styles.delete(instance);
  return renamed;
}
