// The label map in its classes' colours, objects set off from each other by a darker border.

import type { Colour } from '../../src/data/colours.js';
import { type Box, type Drawing, grown } from '../document/maps.js';

const SHADE = 0.7;

export function drawLabels(
  canvas: HTMLCanvasElement,
  drawing: Drawing,
  palette: readonly Colour[],
  changed: Box,
): void {
  const { width, height, labels, instances } = drawing;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  // A border belongs to both sides.
  const { left, top, right, bottom } = grown(changed, 1, drawing);
  const image = new ImageData(right - left, bottom - top);
  for (let y = top, to = 0; y < bottom; y++) {
    for (let x = left; x < right; x++, to += 4) {
      const i = y * width + x;
      const border =
        (x + 1 < width && instances[i + 1] !== instances[i]) ||
        (y + 1 < height && instances[i + width] !== instances[i]);
      const colour = palette[labels[i]!] ?? [128, 128, 128];
      const shade = border ? SHADE : 1;
      image.data.set([colour[0] * shade, colour[1] * shade, colour[2] * shade, 255], to);
    }
  }
  canvas.getContext('2d')!.putImageData(image, left, top);
}
