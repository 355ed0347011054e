// What a pen does on the map, from where it comes down to where it is lifted: one step of the history.

import type { Core } from './core.js';
import { type Snapshot, snapshot } from './document/history.js';
import { type Drawing, type Maps, type Paint, wholeBox } from './document/maps.js';
import * as objects from './document/objects.js';
import type { Point } from './document/shapes.js';
import { shapeOf, toolOf } from './document/tools.js';

interface Pen {
  before: Snapshot;
  path: Point[];
  paint: Paint;
}

const inside = ({ width, height }: Maps, { x, y }: Point): Point => ({
  x: Math.min(Math.max(x, 0), width - 1),
  y: Math.min(Math.max(y, 0), height - 1),
});

/** The object that a stroke paints. */
function target({ state: { label, mode, selected } }: Core, drawing: Drawing, start: Point): Paint {
  if (!objects.hasObjects(drawing, label)) return { label, instance: label };
  if (mode === 'new') return { label, instance: objects.freeId(drawing, label) };
  const under = objects.at(drawing, start.x, start.y);
  if (under.label === label) return under;
  const chosen = selected !== undefined && objects.labelOf(drawing, selected) === label;
  return { label, instance: chosen ? selected : objects.freeId(drawing, label) };
}

/** Paints what the pen did last, or after a span what it did in all. */
function paintPen({ state, original, touched }: Core, { path, paint }: Pen): void {
  const drawing = state.drawing!;
  const shape = shapeOf(state.tool, path, state.size, drawing);
  if (!shape) return;
  const erased = state.tool === 'eraser' && original();
  touched(erased ? objects.restore(drawing, shape, erased) : objects.paint(drawing, shape, paint));
}

/** The eyedropper and the hand that selects take up what lies under them. */
function pickUp({ state, set }: Core, { x, y }: Point): void {
  const { label, instance } = objects.at(state.drawing!, x, y);
  if (state.tool === 'select') set({ selected: instance });
  if (state.tool === 'eyedropper') set({ selected: instance, label, tool: 'brush' });
}

/** Moves the selected object as far as the pen went; false where that is nowhere. */
function carry({ state, touched }: Core, path: readonly Point[]): boolean {
  const { drawing, selected } = state;
  const [dx, dy] = [path.at(-1)!.x - path[0]!.x, path.at(-1)!.y - path[0]!.y].map(Math.round) as [number, number];
  if (selected === undefined || (dx === 0 && dy === 0)) return false;
  objects.move(drawing!, selected, dx, dy);
  touched(wholeBox(drawing!));
  return true;
}

/** As it was when the pen came down. */
function takeBack({ state, touched }: Core, before: Snapshot): void {
  state.drawing!.labels.set(before.labels);
  state.drawing!.instances.set(before.instances);
  touched(wholeBox(before));
}

export function pensOf(core: Core) {
  const { state, set, commit, loop } = core;
  let pen: Pen | undefined;
  return {
    holding: () => pen !== undefined,
    down(given: Point) {
      const { drawing, tool } = state;
      if (!drawing || tool === 'pan') return;
      const point = inside(drawing, given);
      pickUp(core, point);
      if (tool === 'eyedropper') return;
      pen = { before: snapshot(drawing), path: [point], paint: target(core, drawing, point) };
      if (toolOf(tool).kind === 'stroke' || tool === 'bucket') paintPen(core, pen);
    },
    move(given: Point) {
      if (!pen) return;
      pen.path.push(inside(state.drawing!, given));
      if (toolOf(state.tool).kind === 'stroke') paintPen(core, pen);
    },
    up() {
      if (!pen) return;
      const { path, before, paint } = pen;
      const { tool } = state;
      const { kind, title } = toolOf(tool);
      if (kind === 'span') paintPen(core, pen);
      pen = undefined;
      if (tool === 'select' && !carry(core, path)) return;
      commit(title.toLowerCase(), before);
      if (kind !== 'hand' && tool !== 'eraser') set({ selected: paint.instance });
      loop.full();
    },
    /** Takes back what the pen did since it came down. */
    cancel() {
      if (!pen) return;
      const { before } = pen;
      pen = undefined;
      takeBack(core, before);
    },
    path: (): readonly Point[] => pen?.path ?? [],
  };
}
