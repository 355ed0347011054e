// What painting will need of a device's memory, and which widths need less.

import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import type { CompileOptions } from '../engine.js';
import { estimateMemory, type MemoryEstimate } from '../graph/estimate.js';
import { lookup } from '../nets/parameters.js';
import { KEPT_BYTES, paddedTo, paintingProgram } from './generator.js';
import type { GeneratorFile } from './open.js';
import { fileVariables } from './weights.js';

/** @throws MemoryError where a tensor exceeds the device's limits */
export function paintingMemory(
  device: Device,
  { file, manifest, net }: GeneratorFile,
  size: Size,
  compile: Omit<CompileOptions, 'arena'>,
): Promise<MemoryEstimate> {
  const { width, height } = paddedTo(manifest, size);
  const params = lookup(fileVariables(net.parameters, file, compile.precision));
  const programs = [paintingProgram(manifest, net, params, [1, height, width])];
  return estimateMemory(device, programs, { keep: KEPT_BYTES, ...compile });
}

const SHARES = [0.75, 0.5, 0.375, 0.25, 0.125];

/** The same picture smaller, by --scale. */
export const smallerPictures = ({ width, height }: Size): { options: string; size: Size }[] =>
  SHARES.map((share) => {
    const size = { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
    return { options: `--scale ${size.width}`, size };
  });
