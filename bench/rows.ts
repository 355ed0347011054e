// A case through all engines: results compared, then timed. What comes out is what --json writes.

import { bytesOf, type Case, flopsOf, type Role } from './cases.js';
import type { Engine, Prepared } from './engine.js';
import { goalsOf } from './goals.js';
import { type Effort, interleaved } from './measure.js';
import { difference, operandsOf } from './operands.js';
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
  /** Of the adapter's multiply-adds in the same rounds, for a norm of the bytes that it copies; null for whole nets. */
  roofline_pct: number | null;
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
  ours: Engine & Required<Pick<Engine, 'generator' | 'step'>>;
  peers: readonly Engine[];
  effort: Effort;
  probes: Probes;
  /** Name of the device profile. */
  adapter: string;
}

/** What a row is about. */
export interface Subject {
  name: string;
  role: Role;
  /** Most that a peer's result may differ from ours, over the rms. */
  tolerance: number;
  /** What bounds it, and how much of that it has to do. */
  bound: { probe: Probe; amount: number } | undefined;
  /** On an engine; undefined for one that cannot. */
  prepare(engine: Engine): Promise<Prepared | undefined>;
}

interface Ready extends Prepared {
  name: string;
  difference: number;
}

async function checked(
  peer: Engine,
  { prepare, tolerance }: Subject,
  wanted: Float32Array,
): Promise<Ready | undefined> {
  const prepared = await prepare(peer);
  if (!prepared) return undefined;
  const apart = difference(await prepared.result(), wanted);
  if (apart <= tolerance) return { ...prepared, name: peer.name, difference: apart };
  prepared.close();
  throw new Error(`its result differs by ${apart.toExponential(1)} of the rms`);
}

/** Peers whose results are right, and why the others are left out. */
async function peersReady(peers: readonly Engine[], subject: Subject, wanted: Float32Array) {
  const ready: Ready[] = [];
  const failed: Record<string, string> = {};
  for (const peer of peers) {
    try {
      const one = await checked(peer, subject, wanted);
      if (one) ready.push(one);
    } catch (error) {
      failed[peer.name] = (error as Error).message.split('\n')[0]!;
    }
  }
  return { ready, failed };
}

export async function measured(subject: Subject, { ours, peers, effort, probes, adapter }: Setting): Promise<Row> {
  const { name, role, bound } = subject;
  const mine = (await subject.prepare(ours))!;
  const { ready, failed } = await peersReady(peers, subject, await mine.result());
  const { probe, amount } = bound ?? { probe: probes.fma, amount: 0 };
  const [least, ms, ...theirs] = (await interleaved([probe, mine, ...ready], effort)) as [number, number, ...number[]];
  for (const one of [mine, ...ready]) one.close();
  const times = ready.map(({ name, difference }, i) => [name, { ms: theirs[i]!, ratio: theirs[i]! / ms, difference }]);
  return {
    case: name,
    role,
    ours_ms: ms,
    gflops: bound && probe === probes.fma ? amount / ms / 1e6 : null,
    roofline_pct: bound ? (100 * amount * least) / (probe.amount * ms) : null,
    peers: Object.fromEntries(times),
    failed,
    candidate: mine.candidate ?? '',
    goals: goalsOf({ name, role }, adapter),
  };
}

export function layerSubject(layer: Case, { fma, copy }: Probes): Subject {
  const operands = operandsOf(layer);
  const flops = flopsOf(layer);
  return {
    name: layer.name,
    role: layer.role,
    tolerance: TOLERANCE,
    bound: flops > 0 ? { probe: fma, amount: flops } : { probe: copy, amount: bytesOf(layer) },
    prepare: (engine) => engine.prepare(layer, operands),
  };
}
