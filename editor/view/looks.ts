// Where the picture lies in the view, and how much of what shows: plain data, and what hands make of it.

import type { Point } from '../document/shapes.js';

/** The picture's upper left corner in the view's pixels, and how it is shown. */
export interface Looks {
  zoom: number;
  x: number;
  y: number;
  /** 0: labels alone, 1: the result alone. */
  opacity: number;
  /** Left of it, as a part of the width, the labels show: before and after. */
  wipe: number;
}

export const AS_OPENED: Looks = { zoom: 1, x: 0, y: 0, opacity: 1, wipe: 0 };

const MOST_ZOOM = 32;
export const between = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** Zooms around a place of the view, which stays where it is. */
export function zoomed(looks: Looks, by: number, { x, y }: Point): Looks {
  const zoom = between(looks.zoom * by, 0.1, MOST_ZOOM);
  const ratio = zoom / looks.zoom;
  return { ...looks, zoom, x: x - (x - looks.x) * ratio, y: y - (y - looks.y) * ratio };
}

/** The whole picture in the middle of the view. */
export function fitted(looks: Looks, view: DOMRect, { width, height }: { width: number; height: number }): Looks {
  const zoom = Math.min((view.width - 32) / width, (view.height - 32) / height, MOST_ZOOM);
  return { ...looks, zoom, x: (view.width - width * zoom) / 2, y: (view.height - height * zoom) / 2 };
}

/** Moved by a part of the way between two places of the view. */
export const panned = (looks: Looks, from: Point, to: Point, part = 1): Looks => ({
  ...looks,
  x: looks.x + (to.x - from.x) * part,
  y: looks.y + (to.y - from.y) * part,
});

/** Two fingers move and zoom: one goes between two places of the view, `other` stays, and the middle of both goes half the way. */
export function pinched(looks: Looks, other: Point, from: Point, to: Point): Looks {
  const distance = ({ x, y }: Point) => Math.hypot(x - other.x, y - other.y);
  const middle = { x: (from.x + other.x) / 2, y: (from.y + other.y) / 2 };
  return panned(zoomed(looks, distance(to) / Math.max(1, distance(from)), middle), from, to, 1 / 2);
}

/** The place of the map under a place of the view. */
export const onMap = (looks: Looks, { x, y }: Point): Point => ({
  x: (x - looks.x) / looks.zoom,
  y: (y - looks.y) / looks.zoom,
});
