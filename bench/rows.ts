// A case through all engines: results compared, then timed. What comes out is what --json writes.

import { bytesOf, type Case, flopsOf, type Role } from './cases.js';
import type { Engine, Prepared } from './engine.js';
import { goalsOf } from './goals.js';
import { type Effort, interleaved } from './measure.js';
import { difference, type Operands, operandsOf } from './operands.js';
import type { Probe, Probes } from './roofline.js';

export interface PeerTime {
  ms: number;
  /** Its time over ours. */
  ratio: number;
  /** Largest difference of the results over their rms. */
  difference: number;
}

export interface Row {
  case: string;
  role: Role;
  ours_ms: number;
  /** Of the direct convolution; null where bytes are what counts. */
  gflops: number | null;
  /** Of the adapter's multiply-adds in the same rounds, for a norm of the bytes that it copies. */
  roofline_pct: number;
  peers: Record<string, PeerTime>;
  /** Peers that could not, and why. */
  failed: Record<string, string>;
  candidate: string;
  /** At least these ratios, and `roofline` in percent. */
  goals: Record<string, number>;
}

/** Winograd's transforms and sums in another order stay well within this share of the rms. */
export const TOLERANCE = 5e-4;

export interface Setting {
  ours: Engine;
  peers: readonly Engine[];
  effort: Effort;
  probes: Probes;
  /** Name of the device profile. */
  adapter: string;
}

interface Ready extends Prepared {
  name: string;
  difference: number;
}

async function checked(peer: Engine, layer: Case, operands: Operands, wanted: Float32Array) {
  const prepared = await peer.prepare(layer, operands);
  if (!prepared) return undefined;
  const apart = difference(await prepared.result(), wanted);
  if (apart <= TOLERANCE) return { ...prepared, name: peer.name, difference: apart };
  prepared.close();
  throw new Error(`its result differs by ${apart.toExponential(1)} of the rms`);
}

/** What bounds a case, and how much of that it has to do. */
const boundOf = (layer: Case, { fma, copy }: Probes): { probe: Probe; amount: number } =>
  flopsOf(layer) > 0 ? { probe: fma, amount: flopsOf(layer) } : { probe: copy, amount: bytesOf(layer) };

/** Peers whose results are right, and why the others are left out. */
async function peersReady(layer: Case, operands: Operands, peers: readonly Engine[], wanted: Float32Array) {
  const ready: Ready[] = [];
  const failed: Record<string, string> = {};
  for (const peer of peers) {
    try {
      const one = await checked(peer, layer, operands, wanted);
      if (one) ready.push(one);
    } catch (error) {
      failed[peer.name] = (error as Error).message.split('\n')[0]!;
    }
  }
  return { ready, failed };
}

export async function rowOf(layer: Case, { ours, peers, effort, probes, adapter }: Setting): Promise<Row> {
  const operands = operandsOf(layer);
  const mine = (await ours.prepare(layer, operands))!;
  const { ready, failed } = await peersReady(layer, operands, peers, await mine.result());
  const { probe, amount } = boundOf(layer, probes);
  const [bound, ms, ...theirs] = (await interleaved([probe, mine, ...ready], effort)) as [number, number, ...number[]];
  for (const one of [mine, ...ready]) one.close();
  const times = ready.map(({ name, difference }, i) => [name, { ms: theirs[i]!, ratio: theirs[i]! / ms, difference }]);
  return {
    case: layer.name,
    role: layer.role,
    ours_ms: ms,
    gflops: flopsOf(layer) > 0 ? flopsOf(layer) / ms / 1e6 : null,
    roofline_pct: (100 * amount * bound) / (probe.amount * ms),
    peers: Object.fromEntries(times),
    failed,
    candidate: mine.candidate ?? '',
    goals: goalsOf(layer, adapter),
  };
}
