// A whole bench on one device, in Node and in a page alike: which cases, in which order, and what is told on the way.

import type { Device } from '../src/device/device.js';
import { CASES, type Case, ROLE_NAMES } from './cases.js';
import { dispatchCostOf } from './dispatch.js';
import type { Engine } from './engine.js';
import { growthOf } from './growth.js';
import { EFFORTS } from './measure.js';
import { NETS } from './nets.js';
import { ours } from './ours.js';
import {
  columns,
  digits,
  growthCells,
  growthText,
  headText,
  meansText,
  peerText,
  type Report,
  tableOf,
  tileCells,
} from './report.js';
import { type Probes, probesOf, rooflineOf } from './roofline.js';
import { layerSubject, measured, type Row, type Subject } from './rows.js';
import { hasTiles, tileRow } from './tiles.js';

export interface Wishes {
  quick?: boolean;
  full?: boolean;
  /** What peers take part in; unless false. */
  rows?: boolean;
  /** The kernels that GPUs start with, and one layer at five sizes: no peer takes part in either. */
  tiles?: boolean;
  growth?: boolean;
  /** Only cases whose name and role match this regular expression. */
  case?: string;
}

export interface Surroundings {
  peers: readonly Engine[];
  /** Of what else plays a part: Dawn and Node, or the browser. */
  versions: Record<string, string>;
  /** Where it runs, if not in Node. */
  where?: string;
  say(text: string): void;
}

function told(row: Row): string {
  const peers = Object.keys(row.peers).map((name) => `${name} ${peerText(row, name)}`);
  const failed = Object.entries(row.failed).map(([name, why]) => `${name} failed: ${why}`);
  return [`${row.case}, ${ROLE_NAMES[row.role]}: ${digits(row.ours_ms)} ms`, ...peers, ...failed].join('; ');
}

function layersOf(wishes: Wishes): readonly Case[] {
  const pattern = new RegExp(wishes.case ?? '');
  return CASES.filter(({ name, role }) => pattern.test(`${name}, ${ROLE_NAMES[role]}`));
}

/** Made one after the other: their tensors are large. */
function subjectsOf(wishes: Wishes, probes: Probes): (() => Subject)[] {
  if (wishes.rows === false) return [];
  const nets = wishes.full ? NETS.filter(({ name }) => new RegExp(wishes.case ?? '').test(name)) : [];
  return [...layersOf(wishes).map((layer) => () => layerSubject(layer, probes)), ...nets.map(({ subject }) => subject)];
}

const versionsOf = (engines: readonly Engine[]): Record<string, string> =>
  Object.fromEntries(engines.map(({ name, version }) => [name, version]));

/** Browsers tell less than Dawn does. */
const describe = ({ info: { description, device, vendor, architecture } }: Device): string =>
  description || device || `${vendor} ${architecture}`;

/** What no peer takes part in, where it is asked for. */
async function addOurs(report: Report, device: Device, wishes: Wishes, say: Surroundings['say']): Promise<void> {
  const engine = ours(device);
  if (wishes.tiles) {
    report.tiles = [];
    for (const layer of layersOf(wishes).filter(hasTiles)) report.tiles.push(await tileRow(device, engine, layer));
    say(`\nTiles for GPUs, ms (GF/s):\n${columns(tileCells(report.tiles))}`);
  }
  if (wishes.growth) {
    report.growth = await growthOf(engine);
    say(`\n${columns(growthCells(report.growth))}\n${growthText(report.growth)}`);
  }
}

/** @throws Error where no case matches */
export async function reportOf(
  device: Device,
  wishes: Wishes,
  { peers, versions, where, say }: Surroundings,
): Promise<Report> {
  const engine = ours(device);
  const probes = await probesOf(device);
  const subjects = subjectsOf(wishes, probes);
  if (subjects.length === 0 && layersOf(wishes).length === 0 && !wishes.growth)
    throw new Error('no case matches --case');
  const report: Report = {
    adapter: { description: describe(device), name: device.profile.name },
    ...(where ? { where } : {}),
    versions: { ...versionsOf([engine, ...peers]), ...versions },
    date: new Date().toISOString().slice(0, 10),
    roofline: await rooflineOf(probes),
    // Of a whole step, which takes its time to compile: left out where some cases are asked for.
    ...(wishes.case || wishes.rows === false ? {} : { dispatch: await dispatchCostOf(device) }),
    rows: [],
  };
  say(headText(report));
  const effort = EFFORTS[wishes.quick ? 'quick' : 'normal'];
  const setting = { ours: engine, peers, effort, probes, adapter: device.profile.name };
  for (const subject of subjects) {
    report.rows.push(await measured(subject(), setting));
    say(told(report.rows.at(-1)!));
  }
  if (report.rows.length > 0) say(`\n${tableOf(report.rows)}\n\nGeometric means: ${meansText(report.rows)}`);
  await addOurs(report, device, wishes, say);
  return report;
}

/** The engines of a list of names, opened one after the other. @throws Error for a name that there is none of */
export async function enginesOf(
  names: readonly string[],
  known: Record<string, () => Engine | Promise<Engine>>,
): Promise<Engine[]> {
  const opened: Engine[] = [];
  for (const name of names) {
    const open = known[name];
    if (!open) throw new Error(`--peers: there is no ${name}, there are ${Object.keys(known).join(', ')}`);
    opened.push(await open());
  }
  return opened;
}
