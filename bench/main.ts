// npm run bench: which cases, which engines, in which order; scripts/bench.mjs installs and bundles.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import type { Device } from '../src/device/device.js';
import { openDevice } from '../src/device/node.js';
import { loadSwiftShader } from '../src/device/swiftshader.js';
import { CASES, type Case, ROLE_NAMES } from './cases.js';
import { dispatchCostOf } from './dispatch.js';
import type { Engine } from './engine.js';
import { growthOf } from './growth.js';
import { markdownOf } from './markdown.js';
import { EFFORTS } from './measure.js';
import { NETS } from './nets.js';
import { ours } from './ours.js';
import { jax } from './peers/jax.js';
import { pretendBrowser } from './peers/load.js';
import { onnxruntime } from './peers/onnxruntime.js';
import { tfjs } from './peers/tfjs.js';
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

const USAGE = `npm run bench -- [options]
  --quick             fewer rounds, peers that answer soonest: a few minutes on lavapipe
  --full              also the whole generator and the whole training step, which peers take minutes for
  --tiles             also the tiles of workgroups that GPUs start with, by name (without --quick and --case always)
  --growth            also one layer from 32×64 to 512×1024 pixels (likewise)
  --case PATTERN      only cases whose name and role match this regular expression
  --peers LIST        of tfjs, ort-webgpu, ort-cpu, jax-js (default: all; --quick leaves jax-js out, which compiles for long)
  --adapter NAME      lavapipe, swiftshader or a part of an adapter's name; default the best there is
  --json FILE         write what was measured
  --markdown FILE…    measure nothing: write bench/RESULTS.md from these files of --json`;

const PEERS: Record<string, () => Engine | Promise<Engine>> = {
  tfjs,
  'ort-webgpu': () => onnxruntime('webgpu'),
  'ort-cpu': () => onnxruntime('cpu'),
  'jax-js': jax,
};
const SOON = ['tfjs', 'ort-webgpu', 'ort-cpu'];

const FLAG = { type: 'boolean' } as const;
const TEXT = { type: 'string' } as const;

function argumentsOf() {
  return parseArgs({
    allowPositionals: true,
    options: {
      quick: FLAG,
      full: FLAG,
      tiles: FLAG,
      growth: FLAG,
      help: FLAG,
      case: TEXT,
      peers: TEXT,
      adapter: TEXT,
      json: TEXT,
      markdown: FLAG,
    },
  });
}
type Options = ReturnType<typeof argumentsOf>['values'];

async function peersFor({ peers, quick, adapter }: Options): Promise<Engine[]> {
  pretendBrowser(adapter);
  const opened: Engine[] = [];
  for (const name of peers?.split(',') ?? (quick ? SOON : Object.keys(PEERS))) {
    const open = PEERS[name];
    if (!open) throw new Error(`--peers: there is no ${name}, there are ${Object.keys(PEERS).join(', ')}`);
    opened.push(await open());
  }
  return opened;
}

const webgpuVersion = (): string => createRequire(import.meta.url)('webgpu/package.json').version;

const versionsOf = (engines: readonly Engine[]): Record<string, string> => ({
  ...Object.fromEntries(engines.map(({ name, version }) => [name, version])),
  'webgpu (Dawn)': webgpuVersion(),
  node: process.version,
});

/** onnxruntime has a Dawn of its own, which must find the same driver. */
function shareDriver({ profile }: Device): void {
  if (profile.name === 'swiftshader') process.env.VK_DRIVER_FILES = loadSwiftShader();
}

function told(row: Row): string {
  const peers = Object.keys(row.peers).map((name) => `${name} ${peerText(row, name)}`);
  const failed = Object.entries(row.failed).map(([name, why]) => `${name} failed: ${why}`);
  return [`${row.case}, ${ROLE_NAMES[row.role]}: ${digits(row.ours_ms)} ms`, ...peers, ...failed].join('; ');
}

function layersOf(options: Options): readonly Case[] {
  const pattern = new RegExp(options.case ?? '');
  return CASES.filter(({ name, role }) => pattern.test(`${name}, ${ROLE_NAMES[role]}`));
}

/** Made one after the other: their tensors are large. */
function subjectsOf(options: Options, probes: Probes): (() => Subject)[] {
  const layers = layersOf(options);
  const nets = options.full ? NETS.filter(({ name }) => new RegExp(options.case ?? '').test(name)) : [];
  return [...layers.map((layer) => () => layerSubject(layer, probes)), ...nets.map(({ subject }) => subject)];
}

async function reportOf(device: Device, options: Options): Promise<Report> {
  shareDriver(device);
  const engines = await peersFor(options);
  const engine = ours(device);
  const probes = await probesOf(device);
  const report: Report = {
    adapter: { description: device.info.description || device.info.device, name: device.profile.name },
    versions: versionsOf([engine, ...engines]),
    date: new Date().toISOString().slice(0, 10),
    roofline: await rooflineOf(probes),
    dispatch: await dispatchCostOf(device),
    rows: [],
  };
  console.log(headText(report));
  const effort = EFFORTS[options.quick ? 'quick' : 'normal'];
  const setting = { ours: engine, peers: engines, effort, probes, adapter: device.profile.name };
  for (const subject of subjectsOf(options, probes)) {
    report.rows.push(await measured(subject(), setting));
    console.log(told(report.rows.at(-1)!));
  }
  return report;
}

/** What no peer takes part in: added to the report where it was asked for, or nothing was left out. */
async function addOurs(report: Report, device: Device, options: Options): Promise<void> {
  const all = !options.quick && options.case === undefined;
  const engine = ours(device);
  if (all || options.tiles) {
    report.tiles = [];
    for (const layer of layersOf(options).filter(hasTiles)) report.tiles.push(await tileRow(device, engine, layer));
  }
  if (all || options.growth) report.growth = await growthOf(engine, EFFORTS[options.quick ? 'quick' : 'normal']);
}

async function main(): Promise<void> {
  const { values: options, positionals } = argumentsOf();
  if (options.help) return console.log(USAGE);
  if (options.markdown) {
    const reports = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
    return writeFileSync('bench/RESULTS.md', markdownOf(reports));
  }
  const device = await openDevice(options);
  const report = await reportOf(device, options);
  await addOurs(report, device, options);
  const further = Boolean(report.tiles?.length || report.growth);
  if (report.rows.length === 0 && !further) throw new Error('no case matches --case');
  if (report.rows.length > 0) console.log(`\n${tableOf(report.rows)}\n\nGeometric means: ${meansText(report.rows)}`);
  if (report.tiles) console.log(`\nTiles for GPUs, ms (GF/s):\n${columns(tileCells(report.tiles))}`);
  if (report.growth) console.log(`\n${columns(growthCells(report.growth))}\n${growthText(report.growth)}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

await main();
// The peers keep devices and threads that nothing closes.
process.exit();
