// A picture's features as Inception sees them, with weights that the user has.

import type { Size } from '../data/resample.js';
import { toPlanes } from '../data/values.js';
import type { Device } from '../device/device.js';
import { compile, createArena, destroy, input } from '../engine.js';
import { inceptionFeatures, inceptionParameters } from '../nets/inception.js';
import { createVariables, lookup, type Values } from '../nets/parameters.js';

export interface Inception {
  /** Features [2048] of an 8-bit RGB picture, interleaved. */
  features(image: Uint8Array, size: Size): Promise<Float32Array>;
  close(): void;
}

const SIDE = 299;

/** Between which two cells of an axis, and how far, each of `to` lies; as torch without align_corners. */
function places(from: number, to: number) {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(at);
    return { low, high: Math.min(low + 1, from - 1), share: at - low };
  });
}

/** Planes [planes, H, W] at another size, linearly between the nearest four cells, without smoothing: `interpolate(mode='bilinear')`. */
export function resizeBilinear(planes: Float32Array, from: Size, to: Size): Float32Array {
  const [columns, rows] = [places(from.width, to.width), places(from.height, to.height)];
  const area = from.width * from.height;
  const out = new Float32Array((planes.length / area) * to.width * to.height);
  let at = 0;
  for (let plane = 0; plane < planes.length; plane += area)
    for (const row of rows) {
      const [top, bottom] = [plane + row.low * from.width, plane + row.high * from.width];
      for (const { low, high, share } of columns) {
        const above = planes[top + low]! * (1 - share) + planes[top + high]! * share;
        const below = planes[bottom + low]! * (1 - share) + planes[bottom + high]! * share;
        out[at++] = above * (1 - row.share) + below * row.share;
      }
    }
  return out;
}

export async function createInception(device: Device, values: Values): Promise<Inception> {
  const variables = createVariables(inceptionParameters(), values);
  const arena = createArena(device);
  const x = input([1, 3, SIDE, SIDE]);
  const outputs = { features: inceptionFeatures(x, lookup(variables)) };
  const program = await compile(device, { inputs: { x }, outputs }, { arena });
  return {
    async features(image, size) {
      const square = resizeBilinear(toPlanes(image), size, { width: SIDE, height: SIDE });
      return (await program.run({ x: square })).features as Float32Array;
    },
    close() {
      program.destroy();
      arena.destroy();
      for (const variable of Object.values(variables)) destroy(device, variable);
    },
  };
}
