// The styles of objects: chosen, drawn anew, or taken over from a photo.

import type { Style } from '../src/generate/styles.js';
import type { Core } from './core.js';
import { type Box, cropMaps, type Drawing, grown, type Maps, shrinkMaps } from './document/maps.js';
import * as objects from './document/objects.js';

/** About the longer side of what a style's picture shows; smaller objects are shown with more of what is around them. */
const STRIP_SIDE = 128;

type ShowStyle = (image: ImageBitmap, place: number) => void;

const styledByClass = ({ state }: Core): boolean => state.model?.manifest.encoding.features?.by === 'label';

/** The id under which an object's style is chosen: its own, or its class's where the net has a style a class. */
const styleKey = (core: Core, instance: number): number =>
  styledByClass(core) ? (objects.labelOf(core.state.drawing!, instance) ?? instance) : instance;

/** An object and what is around it, at about the size of a thumbnail: a strip of whole pictures would keep strokes waiting. */
function thumbnailMaps(drawing: Drawing, box: Box): Maps {
  const short = Math.max(STRIP_SIDE - (box.right - box.left), STRIP_SIDE - (box.bottom - box.top), 16);
  const maps = cropMaps(drawing, grown(box, short / 2, drawing));
  return shrinkMaps(maps, Math.max(1, Math.round(Math.max(maps.width, maps.height) / STRIP_SIDE)));
}

/** Shows what an object looks like in each style, one after another, when the picture itself is whole. */
function styleStrip(core: Core, instance: number, styles: readonly Style[], show: ShowStyle): void {
  const { painter, loop, state, fail } = core;
  let maps: Maps | undefined;
  const paint = async (style: Style, place: number) => {
    const drawing = state.drawing!;
    const box = objects.boxOf(drawing, instance);
    if (!box) return;
    maps ??= thumbnailMaps(drawing, box);
    const chosen = new Map(drawing.styles).set(styleKey(core, instance), style);
    show(await painter.thumbnail({ maps, styles: chosen, seed: drawing.seed }), place);
  };
  loop.spare(styles.map((style, place) => () => paint(style, place).catch(fail)));
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
    /** A picture of an object in each style, as they come; a later call's take the place of those that have not. */
    styleStrip: (instance: number, styles: readonly Style[], show: ShowStyle) =>
      styleStrip(core, instance, styles, show),
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
