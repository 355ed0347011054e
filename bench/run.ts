// A whole bench on one device, in Node and in a page alike: which cases, in which order, and what is told on the way.

import type { Device } from '../src/device/device.js';
import { CASES, ROLE_NAMES } from './cases.js';
import { dispatchCostOf } from './dispatch.js';
import type { Engine } from './engine.js';
import { EFFORTS } from './measure.js';
import { NETS } from './nets.js';
import { ours } from './ours.js';
import { digits, headText, meansText, peerText, type Report, tableOf } from './report.js';
import { type Probes, probesOf, rooflineOf } from './roofline.js';
import { layerSubject, measured, type Row, type Subject } from './rows.js';

export interface Wishes {
  quick?: boolean;
  full?: boolean;
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

/** Made one after the other: their tensors are large. */
function subjectsOf(wishes: Wishes, probes: Probes): (() => Subject)[] {
  const pattern = new RegExp(wishes.case ?? '');
  const layers = CASES.filter(({ name, role }) => pattern.test(`${name}, ${ROLE_NAMES[role]}`));
  const nets = wishes.full ? NETS.filter(({ name }) => pattern.test(name)) : [];
  return [...layers.map((layer) => () => layerSubject(layer, probes)), ...nets.map(({ subject }) => subject)];
}

const versionsOf = (engines: readonly Engine[]): Record<string, string> =>
  Object.fromEntries(engines.map(({ name, version }) => [name, version]));

/** Browsers tell less than Dawn does. */
const describe = ({ info: { description, device, vendor, architecture } }: Device): string =>
  description || device || `${vendor} ${architecture}`;

/** @throws Error where no case matches */
export async function reportOf(
  device: Device,
  wishes: Wishes,
  { peers, versions, where, say }: Surroundings,
): Promise<Report> {
  const engine = ours(device);
  const probes = await probesOf(device);
  const subjects = subjectsOf(wishes, probes);
  if (subjects.length === 0) throw new Error('no case matches --case');
  const report: Report = {
    adapter: { description: describe(device), name: device.profile.name },
    ...(where ? { where } : {}),
    versions: { ...versionsOf([engine, ...peers]), ...versions },
    date: new Date().toISOString().slice(0, 10),
    roofline: await rooflineOf(probes),
    // Of a whole step, which takes its time to compile: left out where some cases are asked for.
    ...(wishes.case ? {} : { dispatch: await dispatchCostOf(device) }),
    rows: [],
  };
  say(headText(report));
  const effort = EFFORTS[wishes.quick ? 'quick' : 'normal'];
  const setting = { ours: engine, peers, effort, probes, adapter: device.profile.name };
  for (const subject of subjects) {
    report.rows.push(await measured(subject(), setting));
    say(told(report.rows.at(-1)!));
  }
  say(`\n${tableOf(report.rows)}\n\nGeometric means: ${meansText(report.rows)}`);
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
