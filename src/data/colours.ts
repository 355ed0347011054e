import { InternalError } from '../errors.js';

export type Colour = readonly [red: number, green: number, blue: number];

/** What the editor, the sample sheets and the checkpoint's manifest know of the classes. */
export type Classes = { names: string[]; palette: readonly Colour[] };

const BLACK: Colour = [0, 0, 0];

/** Cityscapes, by label id. */
const CITYSCAPES: readonly Colour[] = [
  BLACK,
  BLACK,
  BLACK,
  BLACK,
  BLACK,
  [111, 74, 0],
  [81, 0, 81],
  [128, 64, 128],
  [244, 35, 232],
  [250, 170, 160],
  [230, 150, 140],
  [70, 70, 70],
  [102, 102, 156],
  [190, 153, 153],
  [180, 165, 180],
  [150, 100, 100],
  [150, 120, 90],
  [153, 153, 153],
  [153, 153, 153],
  [250, 170, 30],
  [220, 220, 0],
  [107, 142, 35],
  [152, 251, 152],
  [70, 130, 180],
  [220, 20, 60],
  [255, 0, 0],
  [0, 0, 142],
  [0, 0, 70],
  [0, 60, 100],
  [0, 0, 90],
  [0, 0, 110],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
  [0, 0, 142],
];

/** Bits 3j, 3j+1, 3j+2 of the class number become bit 7−j of red, green and blue: near numbers, far colours. */
function bitColour(label: number): Colour {
  const channel = (first: number) => {
    let value = 0;
    for (let j = 0; j < 7; j++) value |= ((label >> (3 * j + first)) & 1) << (7 - j);
    return value;
  };
  return [channel(0), channel(1), channel(2)];
}

/** One colour a class: Cityscapes' own for 35 classes, else spread by the bits of the class number. */
export const labelPalette = (count: number): readonly Colour[] =>
  count === CITYSCAPES.length ? CITYSCAPES : Array.from({ length: count }, (_, label) => bitColour(label));

/** Names `class 0` … and the standard colours, for data sets that bring no classes.json. */
export const defaultClasses = (count: number): Classes => ({
  names: Array.from({ length: count }, (_, i) => `class ${i}`),
  palette: labelPalette(count),
});

/** Ids [H, W] → interleaved RGB. The ids have been checked; one without a colour is a fault of the program. */
export function colourLabels(ids: Int32Array, palette: readonly Colour[]): Uint8Array {
  const rgb = new Uint8Array(ids.length * 3);
  ids.forEach((id, i) => {
    const colour = palette[id];
    if (!colour) throw new InternalError(`label ${id} has no colour among ${palette.length}`);
    rgb.set(colour, 3 * i);
  });
  return rgb;
}
