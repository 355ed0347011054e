// What the tiles of workgroups take on the bench's shapes. A GPU starts with them (kernels/gpu-prior.ts); on a software adapter
// they are slow, and listed all the same.

import type { Device } from '../src/device/device.js';
import { TILES } from '../src/kernels/conv-tiles.js';
import { type Case, flopsOf } from './cases.js';
import type { Engine } from './engine.js';
import { interleaved } from './measure.js';
import { difference, operandsOf } from './operands.js';
import { forced } from './ours.js';
import { type Row, TOLERANCE } from './rows.js';

export interface TileRow extends Pick<Row, 'case' | 'role'> {
  /** By name. */
  tiles: Record<string, { ms: number; gflops: number }>;
}

/** Warmed by the run that is compared; a software adapter takes seconds for some. */
const EFFORT = { rounds: 5, budgetMs: 1000, least: 1 };

/** @throws where a tile computes something else than the prior's choice does. */
export async function tileRow(device: Device, ours: Engine, layer: Case): Promise<TileRow> {
  const operands = operandsOf(layer);
  const prior = (await ours.prepare(layer, operands))!;
  const wanted = await prior.result();
  prior.close();
  const tiles: TileRow['tiles'] = {};
  for (const name of Object.keys(TILES)) {
    const one = await forced(device, layer, operands, { conv: name, convWeight: name });
    const apart = difference(await one.result(), wanted);
    if (!(apart <= TOLERANCE)) throw new Error(`${layer.name}, ${name}: differs by ${apart} of the rms`);
    const [ms] = (await interleaved([one], EFFORT)) as [number];
    one.close();
    tiles[name] = { ms, gflops: flopsOf(layer) / ms / 1e6 };
  }
  return { case: layer.name, role: layer.role, tiles };
}

export const hasTiles = ({ kind }: Case): boolean => kind === 'conv' || kind === 'transposed';
