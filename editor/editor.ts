// The editor without its looks: what is drawn, chosen and shown, and what can be done with it. The view renders `state` and
// calls these functions; a host test does the same with a painter of its own.

import type { Image } from '../src/data/image.js';
import type { Style } from '../src/generate/styles.js';
import { labelChannels } from '../src/nets/encode-input.js';
import { decodeProject, mapsOf } from './document/files.js';
import {
  applyStep,
  EMPTY_HISTORY,
  type History,
  redo,
  type Snapshot,
  snapshot,
  stepSince,
  undo,
  withStep,
} from './document/history.js';
import { type Box, copyMaps, cropMaps, type Drawing, grown, type Maps, type Paint, wholeBox } from './document/maps.js';
import * as objects from './document/objects.js';
import type { Point } from './document/shapes.js';
import { shapeOf, type ToolName, toolOf } from './document/tools.js';
import { paintingLoop } from './painter/loop.js';
import type { Model, Painted, Painter, PaintRequest } from './painter/messages.js';

export interface State {
  model?: Model;
  drawing?: Drawing;
  history: History;
  tool: ToolName;
  /** Of the brush, in pixels. */
  size: number;
  label: number;
  /** Whether a stroke goes on with the object that it begins on, or makes a new one. */
  mode: 'extend' | 'new';
  selected?: number;
  /** Of the last preview and of the last full picture. */
  timing: { preview?: Painted; full?: Painted };
  painting: boolean;
  notice?: { kind: 'error' | 'info'; text: string };
}

export interface View {
  /** Something of the state is new. */
  changed(): void;
  /** Pixels of the maps are. */
  drawn(box: Box): void;
}

/** Side of the smallest part that style previews show. */
const STRIP_SIDE = 128;

/** A pen on the map, from where it came down. */
interface Pen {
  before: Snapshot;
  path: Point[];
  paint: Paint;
}

export type Editor = ReturnType<typeof createEditor>;

export function createEditor(painter: Painter, view: View) {
  const state: State = {
    history: EMPTY_HISTORY,
    tool: 'brush',
    size: 12,
    label: 0,
    mode: 'extend',
    timing: {},
    painting: false,
  };
  let original: Maps | undefined;
  let pen: Pen | undefined;

  const set = (change: Partial<State>) => {
    Object.assign(state, change);
    view.changed();
  };
  const fail = (error: unknown) => set({ notice: { kind: 'error', text: (error as Error).message } });
  const say = (text: string | undefined) => set({ notice: text === undefined ? undefined : { kind: 'info', text } });
  const classes = (): number => (state.model ? labelChannels(state.model.manifest.encoding) : 0);
  const request = (drawing: Drawing, preview?: Box): PaintRequest => {
    const { styles, seed } = drawing;
    return { maps: copyMaps(drawing), styles, seed, preview };
  };

  const loop = paintingLoop({
    busy: () => pen !== undefined,
    async paint(preview) {
      if (!state.model || !state.drawing) return;
      set({ painting: true });
      try {
        const painted = await painter.paint(request(state.drawing, preview));
        const timing = { ...state.timing, [preview ? 'preview' : 'full']: painted };
        set({ timing, painting: false });
        if (painted.recovered) say('The GPU was lost and is back; your drawing is untouched.');
      } catch (error) {
        set({ painting: false });
        fail(error);
      }
    },
  });

  const touched = (box: Box | undefined) => {
    if (!box) return;
    view.drawn(box);
    loop.touch(box);
  };

  /** One step of the history, whatever `change` does to the drawing. */
  function edit(name: string, change: (drawing: Drawing) => void): void {
    const { drawing } = state;
    if (!drawing) return;
    const before = snapshot(drawing);
    change(drawing);
    commit(name, before);
    touched(wholeBox(drawing));
    loop.full();
  }

  function commit(name: string, before: Snapshot): void {
    const step = stepSince(name, before, state.drawing!);
    if (step) set({ history: withStep(state.history, step) });
  }

  function open(drawing: Drawing): void {
    original = copyMaps(drawing);
    set({ drawing, history: EMPTY_HISTORY, selected: undefined, timing: {} });
    view.drawn(wholeBox(drawing));
    loop.full();
  }

  /** The object that a stroke paints. */
  function target(drawing: Drawing, start: Point): Paint {
    const { label, mode, selected } = state;
    if (!objects.hasObjects(drawing, label)) return { label, instance: label };
    if (mode === 'new') return { label, instance: objects.freeId(drawing, label) };
    const under = objects.at(drawing, start.x, start.y);
    if (under.label === label) return under;
    const chosen = selected !== undefined && objects.labelOf(drawing, selected) === label;
    return { label, instance: chosen ? selected : objects.freeId(drawing, label) };
  }

  const inside = ({ width, height }: Maps, { x, y }: Point): Point => ({
    x: Math.min(Math.max(x, 0), width - 1),
    y: Math.min(Math.max(y, 0), height - 1),
  });

  /** Paints what the pen did last, or with `whole` what it did in all. */
  function paintPen({ path, paint }: Pen): void {
    const drawing = state.drawing!;
    const shape = shapeOf(state.tool, path, state.size, drawing);
    if (!shape) return;
    const erased = state.tool === 'eraser' && original;
    touched(erased ? objects.restore(drawing, shape, erased) : objects.paint(drawing, shape, paint));
  }

  function clickedWith(tool: ToolName, point: Point): boolean {
    const { label, instance } = objects.at(state.drawing!, point.x, point.y);
    if (tool !== 'eyedropper' && tool !== 'select') return false;
    set(tool === 'select' ? { selected: instance } : { selected: instance, label, tool: 'brush' });
    return true;
  }

  const pens = {
    down(given: Point) {
      const { drawing, tool } = state;
      if (!drawing || tool === 'pan') return;
      const point = inside(drawing, given);
      clickedWith(tool, point);
      if (tool === 'eyedropper') return;
      pen = { before: snapshot(drawing), path: [point], paint: target(drawing, point) };
      if (toolOf(tool).kind === 'stroke' || tool === 'bucket') paintPen(pen);
    },
    move(given: Point) {
      if (!pen) return;
      pen.path.push(inside(state.drawing!, given));
      if (toolOf(state.tool).kind === 'stroke') paintPen(pen);
    },
    up() {
      if (!pen) return;
      const { path, before, paint } = pen;
      const { tool, drawing, selected } = state;
      if (toolOf(tool).kind === 'span') paintPen(pen);
      pen = undefined;
      if (tool === 'select' && selected !== undefined) {
        const [dx, dy] = [path.at(-1)!.x - path[0]!.x, path.at(-1)!.y - path[0]!.y].map(Math.round) as [number, number];
        if (dx === 0 && dy === 0) return;
        objects.move(drawing!, selected, dx, dy);
        touched(wholeBox(drawing!));
      }
      commit(toolOf(tool).title.toLowerCase(), before);
      if (toolOf(tool).kind !== 'hand' && tool !== 'eraser') set({ selected: paint.instance });
      loop.full();
    },
    /** Takes back what the pen did since it came down. */
    cancel() {
      if (!pen) return;
      const { before } = pen;
      pen = undefined;
      state.drawing!.labels.set(before.labels);
      state.drawing!.instances.set(before.instances);
      touched(wholeBox(before));
    },
    path: (): readonly Point[] => pen?.path ?? [],
  };

  function travel(found: ReturnType<typeof undo>, way: 'before' | 'after'): void {
    if (!found || pen) return;
    const [history, step] = found;
    const box = applyStep(state.drawing!, step, way);
    const { selected } = state;
    const gone = selected !== undefined && objects.labelOf(state.drawing!, selected) === undefined;
    set({ history, ...(gone ? { selected: undefined } : {}) });
    touched(box);
    loop.full();
  }

  /** The id under which an object's style is chosen: its own, or its class's where the net has a style a class. */
  const styleKey = (instance: number): number =>
    state.model?.manifest.encoding.features?.by === 'label'
      ? (objects.labelOf(state.drawing!, instance) ?? instance)
      : instance;

  return {
    state,
    set,
    say,
    fail,
    pens,
    loop,
    async loadModel(from: ArrayBuffer | string, name: string): Promise<boolean> {
      try {
        set({ model: await painter.load(from, name), notice: undefined });
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    },
    open,
    openMaps(labels: Image, instances?: Image) {
      open({ ...mapsOf(labels, instances, classes()), styles: new Map(), seed: 1 });
    },
    openProject(bytes: Uint8Array, name: string) {
      open(decodeProject(bytes, name, classes()));
    },
    undo: () => travel(undo(state.history), 'before'),
    redo: () => travel(redo(state.history), 'after'),
    select: (selected: number | undefined) => set({ selected }),
    removeSelected() {
      const { selected } = state;
      if (selected === undefined) return;
      edit('delete', (drawing) => objects.remove(drawing, selected));
      set({ selected: undefined });
    },
    duplicateSelected() {
      const { selected, drawing } = state;
      if (selected === undefined || !drawing) return;
      const shift = Math.max(4, Math.round(drawing.width / 32));
      edit('duplicate', (all) => set({ selected: objects.duplicate(all, selected, shift, shift) }));
    },
    reclassSelected(label: number) {
      const { selected } = state;
      if (selected === undefined) return;
      edit('change of class', (drawing) => set({ selected: objects.reclass(drawing, selected, label) }));
    },
    /** undefined: drawn by the seed again. */
    chooseStyle(instance: number, style: Style | undefined) {
      edit('style', ({ styles }) => {
        if (style === undefined) styles.delete(styleKey(instance));
        else styles.set(styleKey(instance), style);
      });
    },
    chosenStyle: (instance: number): Style | undefined => state.drawing?.styles.get(styleKey(instance)),
    /** Every object that has no style of its own draws another. */
    randomStyles() {
      edit('random styles', (drawing) => {
        drawing.seed = (drawing.seed + 1) >>> 0;
      });
    },
    /** Centres of an object's class. */
    centresOf(instance: number): readonly (readonly number[])[] {
      const label = state.drawing && objects.labelOf(state.drawing, instance);
      return (label !== undefined && state.model?.manifest.styles?.[label]) || [];
    },
    /** What the object looks like in each style, around where it is. */
    async styleStrip(instance: number, styles: readonly Style[]): Promise<ImageBitmap[]> {
      // The picture itself comes first.
      await loop.idle();
      const { drawing } = state;
      const box = drawing && objects.boxOf(drawing, instance);
      if (!drawing || !box || styles.length === 0) return [];
      const short = Math.max(STRIP_SIDE - (box.right - box.left), STRIP_SIDE - (box.bottom - box.top), 16);
      const maps = cropMaps(drawing, grown(box, short / 2, drawing));
      return painter.variants({ ...request(drawing), maps }, styleKey(instance), styles);
    },
    /** With an object chosen it takes the photo's style; else every object takes that of its place in the photo. */
    async styleFromPhoto(photo: ImageData) {
      const { selected, drawing } = state;
      if (!drawing) return;
      try {
        if (selected !== undefined) {
          const [vector] = (await painter.encode(photo, new Uint16Array(photo.width * photo.height))).values();
          this.chooseStyle(selected, vector);
        } else {
          const byClass = state.model?.manifest.encoding.features?.by === 'label';
          const found = await painter.encode(photo, (byClass ? drawing.labels : drawing.instances).slice());
          edit('styles of a photo', ({ styles }) => {
            for (const [id, vector] of found) styles.set(id, vector);
          });
        }
      } catch (error) {
        fail(error);
      }
    },
    /** The finished picture's pixels. */
    picture: (): Promise<ImageData> => painter.picture(request(state.drawing!)),
  };
}
