// How different two pictures look to a net that knows objects: LPIPS, with weights that the user has.

import type { Size } from '../data/resample.js';
import { toPlanes } from '../data/values.js';
import type { Device } from '../device/device.js';
import { createArena, destroy, input } from '../engine.js';
import { sizedPrograms } from '../graph/sizes.js';
import { BACKBONES, type BackboneName, backboneParameters, linearParameters, lpipsDistance } from '../nets/lpips.js';
import { createVariables, lookup, type Values } from '../nets/parameters.js';

/** Which backbone, and the tensors of it and of its linear layers. */
export interface LpipsWeights {
  backbone: BackboneName;
  values: Values;
}

export interface Lpips {
  /** Distance of two 8-bit RGB pictures of one size, interleaved; NaN where a side is too small for the backbone. */
  distance(a: Uint8Array, b: Uint8Array, size: Size): Promise<number>;
  close(): void;
}

type Extent = readonly [height: number, width: number];

export function createLpips(device: Device, { backbone, values }: LpipsWeights): Lpips {
  const variables = createVariables([...backboneParameters(backbone), ...linearParameters(backbone)], values);
  const arena = createArena(device);
  const programs = sizedPrograms(device, arena, ([height, width]: Extent) => {
    const pair = input([2, 3, height, width]);
    return { inputs: { pair }, outputs: { distance: lpipsDistance(backbone, pair, lookup(variables)) } };
  });
  return {
    async distance(a, b, { width, height }) {
      if (Math.min(width, height) < BACKBONES[backbone].least) return Number.NaN;
      const pair = new Float32Array(2 * a.length);
      pair.set(toPlanes(a));
      pair.set(toPlanes(b), a.length);
      const { distance } = await (await programs.of([height, width])).run({ pair });
      return distance![0]!;
    },
    close() {
      programs.destroy();
      arena.destroy();
      for (const variable of Object.values(variables)) destroy(device, variable);
    },
  };
}
