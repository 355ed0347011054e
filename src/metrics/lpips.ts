// How different two pictures look to a net that knows objects: LPIPS, with weights that the user has.

import type { Size } from '../data/resample.js';
import { toPlanes } from '../data/values.js';
import type { Device } from '../device/device.js';
import { createArena, destroy, input, type ProgramSpec } from '../engine.js';
import { sizedPrograms } from '../graph/sizes.js';
import { BACKBONES, type BackboneName, backboneParameters, linearParameters, lpipsDistance } from '../nets/lpips.js';
import { createVariables, lookup, type Values, type Variables } from '../nets/parameters.js';

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

const variablesOf = ({ backbone, values }: LpipsWeights): Variables =>
  createVariables([...backboneParameters(backbone), ...linearParameters(backbone)], values);

function comparing(backbone: BackboneName, variables: Variables, [height, width]: Extent): ProgramSpec {
  const pair = input([2, 3, height, width]);
  return { inputs: { pair }, outputs: { distance: lpipsDistance(backbone, pair, lookup(variables)) } };
}

/** What compares pictures of a size; nothing where they are too small. */
export const lpipsPrograms = (weights: LpipsWeights, { width, height }: Size): ProgramSpec[] =>
  Math.min(width, height) < BACKBONES[weights.backbone].least
    ? []
    : [comparing(weights.backbone, variablesOf(weights), [height, width])];

export function createLpips(device: Device, weights: LpipsWeights): Lpips {
  const { backbone } = weights;
  const variables = variablesOf(weights);
  const arena = createArena(device);
  const programs = sizedPrograms(device, arena, (extent: Extent) => comparing(backbone, variables, extent));
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
