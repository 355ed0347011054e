// The editor without its looks: what is drawn, chosen and shown, and what can be done with it. The view renders `state` and
// calls these functions; a host test does the same with a painter of its own.

import type { Image } from '../src/data/image.js';
import { labelChannels } from '../src/nets/encode-input.js';
import { type Core, createCore, requestOf, type View } from './core.js';
import { mapsOf } from './document/files.js';
import { wholeBox } from './document/maps.js';
import * as objects from './document/objects.js';
import type { Painter } from './painter/messages.js';
import { pensOf } from './pens.js';
import { starter } from './starter.js';
import { stylesOf } from './styles.js';

/** What is done to the object that is selected. */
function selectionOf({ state, set, edit }: Core) {
  return {
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
  };
}

/** What is opened and saved. */
function filesOf(core: Core) {
  const { state, set, painter } = core;
  const classes = (): number => (state.model ? labelChannels(state.model.manifest.encoding) : 0);
  return {
    async loadModel(from: ArrayBuffer | string, name: string): Promise<boolean> {
      try {
        set({ model: await painter.load(from, name), notice: undefined });
        return true;
      } catch (error) {
        core.fail(error);
        return false;
      }
    },
    /** After another checkpoint: paints the drawing anew, or where that has other classes one that has those of the checkpoint. */
    fitDrawing() {
      const { drawing, model } = state;
      if (!drawing || drawing.labels.some((label) => label >= classes()))
        return core.open(starter(model!.manifest.encoding));
      core.touched(wholeBox(drawing));
      core.loop.full();
    },
    openMaps(labels: Image, instances?: Image) {
      core.open({ ...mapsOf(labels, instances, classes()), styles: new Map(), seed: 1 });
    },
    readPng: painter.readPng,
    async openProject(bytes: Uint8Array, name: string) {
      core.open(await painter.readProject(bytes, name, classes()));
    },
    /** The drawing's files. */
    project: () => painter.project(state.drawing!),
    mapFiles: () => painter.mapFiles(state.drawing!),
    /** The finished picture's pixels. */
    picture: (): Promise<ImageData> => painter.picture(requestOf(state.drawing!)),
  };
}

export type Editor = ReturnType<typeof createEditor>;

export function createEditor(painter: Painter, view: View) {
  const core: Core = createCore(painter, view, () => pens.holding());
  const pens = pensOf(core);
  return { ...core, pens, ...selectionOf(core), ...filesOf(core), ...stylesOf(core) };
}
