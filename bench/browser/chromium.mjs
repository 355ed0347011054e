// Runs the bench's page in headless Chromium and resolves to its report. Peers come as script tags, the way their
// documentation has it, from bench/node_modules.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { launch } from '../../test/browser/chromium.mjs';

const PEERS = join('bench', 'node_modules');
const SCRIPTS = [
  '@tensorflow/tfjs/dist/tf.min.js',
  '@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js',
  'onnxruntime-web/dist/ort.webgpu.min.js',
];

const page = (options) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script>globalThis.benchOptions = ${JSON.stringify(options)}; globalThis.benchVersions = ${JSON.stringify(versions())}</script>
${SCRIPTS.map((path) => `<script src="/${path}"></script>`).join('\n')}
<script type="module" src="/bench.js"></script>`;

const versions = () => JSON.parse(readFileSync(join('bench', 'package.json'), 'utf8')).dependencies;

/** Isolated, so that clocks are fine and wasm has threads. */
const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const isolate = (response) => {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
};

async function serve(bundle, options) {
  const peers = sirv(PEERS, { dev: true, setHeaders: isolate });
  const own = {
    '/': ['text/html', () => page(options)],
    '/bench.js': ['text/javascript', () => readFileSync(bundle)],
  };
  const server = createServer((request, response) => {
    const found = own[request.url];
    if (!found) return peers(request, response, () => response.writeHead(404).end());
    isolate(response);
    response.setHeader('content-type', found[0]);
    response.end(found[1]());
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

/** @param {{ quick?: boolean, full?: boolean, case?: string, peers?: string }} options */
export async function benchInChromium(bundle, options) {
  const server = await serve(bundle, options);
  const browser = await launch();
  try {
    const tab = await browser.newPage();
    tab.on('console', (message) => {
      // Warnings are the peers' own.
      if (message.type() === 'log') console.log(message.text());
    });
    return await new Promise((done, fail) => {
      tab.on('crash', () => fail(new Error('the page crashed')));
      tab.on('pageerror', fail);
      browser.on('disconnected', () => fail(new Error('the browser went away')));
      const ended = (report, error) => (report ? done(report) : fail(new Error(error)));
      tab
        .exposeFunction('benchEnded', ended)
        .then(() => tab.goto(`http://127.0.0.1:${server.address().port}/`))
        .catch(fail);
    });
  } finally {
    await browser.close();
    server.close();
  }
}
