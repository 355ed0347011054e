// npm run bench, in Node: options, device and engines; scripts/bench.mjs installs and bundles, and takes --browser to a page.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Device } from '../src/device/device.js';
import { openDevice } from '../src/device/node.js';
import { loadSwiftShader } from '../src/device/swiftshader.js';
import type { Engine } from './engine.js';
import { markdownOf } from './markdown.js';
import { jax } from './peers/jax.js';
import { pretendBrowser } from './peers/load.js';
import { onnxruntime } from './peers/onnxruntime.js';
import { tfjs } from './peers/tfjs.js';
import type { Report } from './report.js';
import { enginesOf, reportOf } from './run.js';

const USAGE = `npm run bench -- [options]
  --quick             fewer rounds, peers that answer soonest: a few minutes on lavapipe
  --full              also the whole generator and the whole training step, which peers take minutes for
  --tiles             only the tiles of workgroups that GPUs start with, by name (without --quick and --case also)
  --growth            only one layer from 32×64 to 512×1024 pixels (likewise)
  --case PATTERN      only cases whose name and role match this regular expression
  --peers LIST        of tfjs, ort-webgpu, ort-cpu, jax-js (default: all; --quick leaves jax-js out, which compiles for long)
  --adapter NAME      lavapipe, swiftshader or a part of an adapter's name; default the best there is
  --browser           in headless Chromium, which draws with SwiftShader; peers there: tfjs, ort-webgpu, ort-wasm
  --realtime          how soon the editor's picture follows the brush; --write puts it into bench/REALTIME.md;
                      with FILE… of --full --case demo --json: the same net in other engines
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

const webgpuVersion = (): string => createRequire(import.meta.url)('webgpu/package.json').version;

/** onnxruntime has a Dawn of its own, which must find the same driver. */
function shareDriver({ profile }: Device): void {
  if (profile.name === 'swiftshader') process.env.VK_DRIVER_FILES = loadSwiftShader();
}

async function main(): Promise<void> {
  const { values: options, positionals } = argumentsOf();
  if (options.help) return console.log(USAGE);
  if (options.markdown) {
    const reports = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
    return writeFileSync('bench/RESULTS.md', markdownOf(reports));
  }
  const device = await openDevice(options);
  shareDriver(device);
  pretendBrowser(options.adapter);
  const apart = options.tiles || options.growth;
  const wanted = options.peers?.split(',') ?? (options.quick ? SOON : Object.keys(PEERS));
  const peers = await enginesOf(apart ? [] : wanted, PEERS);
  // Software adapters are as fast as the processor.
  const versions = { 'webgpu (Dawn)': webgpuVersion(), node: process.version, processor: cpus()[0]!.model };
  const all = !apart && !options.quick && options.case === undefined;
  const wishes = { ...options, rows: !apart, tiles: options.tiles || all, growth: options.growth || all };
  const report = await reportOf(device, wishes, { peers, versions, say: console.log });
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

await main();
// The peers keep devices and threads that nothing closes.
process.exit();
