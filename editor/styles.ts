// The styles of objects: chosen, drawn anew, or taken over from a photo.

import type { Style } from '../src/generate/styles.js';
import { type Core, requestOf } from './core.js';
import { cropMaps, type Drawing, grown } from './document/maps.js';
import * as objects from './document/objects.js';

/** Side of the smallest part that style previews show. */
const STRIP_SIDE = 128;

const styledByClass = ({ state }: Core): boolean => state.model?.manifest.encoding.features?.by === 'label';

/** The id under which an object's style is chosen: its own, or its class's where the net has a style a class. */
const styleKey = (core: Core, instance: number): number =>
  styledByClass(core) ? (objects.labelOf(core.state.drawing!, instance) ?? instance) : instance;

/** What an object looks like in each style, around where it is. */
async function styleStrip(core: Core, instance: number, styles: readonly Style[]): Promise<ImageBitmap[]> {
  // The picture itself comes first.
  await core.loop.idle();
  const { drawing } = core.state;
  const box = drawing && objects.boxOf(drawing, instance);
  if (!drawing || !box || styles.length === 0) return [];
  const short = Math.max(STRIP_SIDE - (box.right - box.left), STRIP_SIDE - (box.bottom - box.top), 16);
  const maps = cropMaps(drawing, grown(box, short / 2, drawing));
  return core.painter.variants({ ...requestOf(drawing), maps }, styleKey(core, instance), styles);
}

/** Every object takes the style of its place in a photo. */
async function stylesFromPhoto(core: Core, photo: ImageData, { labels, instances }: Drawing): Promise<void> {
  const found = await core.painter.encode(photo, (styledByClass(core) ? labels : instances).slice());
  core.edit('styles of a photo', ({ styles }) => {
    for (const [id, vector] of found) styles.set(id, vector);
  });
}

export function stylesOf(core: Core) {
  const { state, painter } = core;
  /** undefined: drawn by the seed again. */
  const chooseStyle = (instance: number, style: Style | undefined) =>
    core.edit('style', ({ styles }) => {
      const key = styleKey(core, instance);
      if (style === undefined) styles.delete(key);
      else styles.set(key, style);
    });
  return {
    chooseStyle,
    chosenStyle: (instance: number): Style | undefined => state.drawing?.styles.get(styleKey(core, instance)),
    /** Every object that has no style of its own draws another. */
    randomStyles: () =>
      core.edit('random styles', (drawing) => {
        drawing.seed = (drawing.seed + 1) >>> 0;
      }),
    /** Centres of an object's class. */
    centresOf(instance: number): readonly (readonly number[])[] {
      const label = state.drawing && objects.labelOf(state.drawing, instance);
      return (label !== undefined && state.model?.manifest.styles?.[label]) || [];
    },
    styleStrip: (instance: number, styles: readonly Style[]) => styleStrip(core, instance, styles),
    /** With an object chosen it takes the photo's style; else every object takes that of its place in the photo. */
    async styleFromPhoto(photo: ImageData) {
      const { selected, drawing } = state;
      if (!drawing) return;
      try {
        if (selected === undefined) return await stylesFromPhoto(core, photo, drawing);
        const [vector] = (await painter.encode(photo, new Uint16Array(photo.width * photo.height))).values();
        chooseStyle(selected, vector);
      } catch (error) {
        core.fail(error);
      }
    },
  };
}
