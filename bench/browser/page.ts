// The bench in a page: the same cases, rounds and comparisons. bench/browser/chromium.mjs serves it, gives it its options
// and gets its report.

import { openDevice } from '../../src/device/browser.js';
import type { Engine } from '../engine.js';
import { onnxruntimeWeb } from '../peers/onnxruntime-web.js';
import { tfjs } from '../peers/tfjs.js';
import type { Report } from '../report.js';
import { enginesOf, reportOf, type Wishes } from '../run.js';

const PEERS: Record<string, () => Engine | Promise<Engine>> = {
  tfjs,
  'ort-webgpu': () => onnxruntimeWeb('webgpu'),
  'ort-wasm': () => onnxruntimeWeb('wasm'),
};

interface Host {
  benchOptions: Wishes & { peers?: string };
  /** The report, or what went wrong. */
  benchEnded(report: Report | undefined, error: string | undefined): Promise<void>;
}
const host = globalThis as unknown as Host;

/** `Chromium 130.0.1.2` */
const browser = (): string => /(?:Headless)?Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent;

async function main(): Promise<Report> {
  const options = host.benchOptions;
  const device = await openDevice();
  const peers = await enginesOf(options.peers?.split(',') ?? Object.keys(PEERS), PEERS);
  const versions = { Chromium: browser() };
  return reportOf(device, options, { peers, versions, where: 'Chromium', say: console.log });
}

main().then(
  (report) => host.benchEnded(report, undefined),
  (error: Error) => host.benchEnded(undefined, error.stack ?? error.message),
);
