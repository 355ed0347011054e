// What is open in the editor, and its history: the part that pens, objects and styles work on.

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
import { type Box, copyMaps, type Drawing, type Maps, wholeBox } from './document/maps.js';
import * as objects from './document/objects.js';
import type { ToolName } from './document/tools.js';
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

const BLANK: State = {
  history: EMPTY_HISTORY,
  tool: 'brush',
  size: 12,
  label: 0,
  mode: 'extend',
  timing: {},
  painting: false,
};

export interface Core extends ReturnType<typeof createCore> {}

/** What the painter is to paint of a drawing: all, or a part in preview. */
export const requestOf = (drawing: Drawing, preview?: Box): PaintRequest => {
  const { styles, seed } = drawing;
  return { maps: copyMaps(drawing), styles, seed, preview };
};

/** The state with its two ways out: a notice for people, and the picture that follows it. */
function createScreen(painter: Painter, view: View, holding: () => boolean) {
  const state: State = { ...BLANK };
  const set = (change: Partial<State>) => {
    Object.assign(state, change);
    view.changed();
  };
  const fail = (error: unknown) => set({ notice: { kind: 'error', text: (error as Error).message } });
  const say = (text: string | undefined) => set({ notice: text === undefined ? undefined : { kind: 'info', text } });

  async function paint(preview: Box | undefined): Promise<void> {
    if (!state.model || !state.drawing) return;
    set({ painting: true });
    try {
      const painted = await painter.paint(requestOf(state.drawing, preview));
      set({ timing: { ...state.timing, [preview ? 'preview' : 'full']: painted }, painting: false });
      if (painted.recovered) say('The GPU was lost and is back; your drawing is untouched.');
    } catch (error) {
      set({ painting: false });
      fail(error);
    }
  }
  const loop = paintingLoop({ busy: holding, paint });
  /** Shows what changed there. */
  const touched = (box: Box | undefined) => {
    if (!box) return;
    view.drawn(box);
    loop.touch(box);
  };
  return { state, set, fail, say, loop, touched };
}

/** Goes a step of the history back, or forth again. */
function travel(
  { state, set, touched, loop }: ReturnType<typeof createScreen>,
  [history, step]: NonNullable<ReturnType<typeof undo>>,
  way: 'before' | 'after',
): void {
  const box = applyStep(state.drawing!, step, way);
  const { selected } = state;
  const gone = selected !== undefined && objects.labelOf(state.drawing!, selected) === undefined;
  set({ history, ...(gone ? { selected: undefined } : {}) });
  touched(box);
  loop.full();
}

/** @param holding whether a pen is down, so that a history must wait */
export function createCore(painter: Painter, view: View, holding: () => boolean) {
  const screen = createScreen(painter, view, holding);
  const { state, set, loop, touched } = screen;
  let original: Maps | undefined;

  const commit = (name: string, before: Snapshot) => {
    const step = stepSince(name, before, state.drawing!);
    if (step) set({ history: withStep(state.history, step) });
  };
  const go = (found: ReturnType<typeof undo>, way: 'before' | 'after') => {
    if (found && !holding()) travel(screen, found, way);
  };

  return {
    ...screen,
    painter,
    /** The maps as they were opened, for the eraser. */
    original: () => original,
    commit,
    open(drawing: Drawing) {
      original = copyMaps(drawing);
      set({ drawing, history: EMPTY_HISTORY, selected: undefined, timing: {} });
      view.drawn(wholeBox(drawing));
      loop.full();
      loop.spare([() => painter.prepare(requestOf(drawing)).catch(screen.fail)]);
    },
    /** One step of the history, whatever `change` does to the drawing. */
    edit(name: string, change: (drawing: Drawing) => void) {
      const { drawing } = state;
      if (!drawing) return;
      const before = snapshot(drawing);
      change(drawing);
      commit(name, before);
      touched(wholeBox(drawing));
      loop.full();
    },
    undo: () => go(undo(state.history), 'before'),
    redo: () => go(redo(state.history), 'after'),
  };
}
