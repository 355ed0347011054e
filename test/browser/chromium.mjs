// Runs a test bundle in headless Chromium, whose WebGPU draws with SwiftShader. The browser is the one of
// @sparticuz/chromium, unpacked into .cache once; the page is served from the loopback address, since WebGPU wants a
// secure context.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { chromium as playwright } from 'playwright-core';

const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--no-sandbox',
  // Shaders take SwiftShader seconds to compile, on a busy machine minutes: that is no hung GPU.
  '--disable-gpu-watchdog',
  // A test machine has no business talking to anyone.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/**
 * @param {{ bundle: string, query?: string, timeoutMs: number, write(text: string): void }} options
 * @returns {Promise<{ passed: number, failed: number }>} rejects when the page crashes or the time is up
 */
export async function runInChromium({ bundle, query = '', timeoutMs, write }) {
  const server = await serve(bundle);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    page.on('console', (message) => {
      const plain = stripVTControlCharacters(message.text());
      // uvu's pieces of a line end in a space or a newline, whole lines of others do not.
      const end = /\s$/.test(plain) ? '' : '\n';
      write((process.stdout.isTTY ? message.text() : plain) + end);
    });
    return await new Promise((done, fail) => {
      setTimeout(() => fail(new Error(`no result after ${timeoutMs / 1000} s`)), timeoutMs).unref();
      page.on('crash', () => fail(new Error('the page crashed')));
      page.on('pageerror', fail);
      browser.on('disconnected', () => fail(new Error('the browser went away')));
      page
        .exposeFunction('reportCounts', done)
        .then(() => page.goto(`http://127.0.0.1:${server.address().port}/${query}`))
        .catch(fail);
    });
  } finally {
    await browser.close();
    server.close();
  }
}

/** Without these a WebGPU canvas takes the GPU's process down: Chromium's compositor and its WebGPU must share one Vulkan. */
const CANVAS_FLAGS = ['--enable-features=Vulkan', '--use-vulkan=swiftshader', '--use-angle=vulkan'];

export async function launch({ canvases = false } = {}) {
  const folder = await unpacked();
  const executablePath = join(folder, 'chromium');
  // Chromium's own SwiftShader is a Vulkan driver too: hiding the machine's drivers must not hide that one.
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, ...own } = process.env;
  const start = (env) =>
    playwright.launch({
      executablePath,
      args: canvases ? [...FLAGS, ...CANVAS_FLAGS] : FLAGS,
      env: { ...own, ...env },
    });
  return start({}).catch((error) => {
    if (!/shared librar/.test(error.message)) throw error;
    // A machine without the libraries of a desktop (libnss3 and others): the package brings those of Amazon Linux.
    return start({ LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') });
  });
}

/** The package unpacks into the folder for temporary files; this gives it one of ours, renamed once it is complete. */
async function unpacked() {
  const folder = resolve('.cache', 'chromium');
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  const { TMPDIR } = process.env;
  process.env.TMPDIR = draft;
  try {
    const { default: chromium, inflate } = await import('@sparticuz/chromium');
    await chromium.executablePath();
    await inflate(resolve('node_modules/@sparticuz/chromium/bin/al2023.tar.br'));
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  await rename(draft, folder).catch((error) => {
    if (!existsSync(folder)) throw error;
  });
  return folder;
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/bundle.js"></script>';

/** `/` is the page, `/bundle.js` the tests, `/test/…` their files. */
async function serve(bundle) {
  const root = resolve('test') + sep;
  const answer = async (path) => {
    if (path === '/') return ['text/html', PAGE];
    if (path === '/bundle.js') return ['text/javascript', await readFile(bundle)];
    const file = resolve(`.${decodeURIComponent(path)}`);
    if (!file.startsWith(root)) throw new Error('outside test/');
    return ['application/octet-stream', await readFile(file)];
  };
  const server = createServer((request, response) => {
    answer(new URL(request.url, 'http://localhost').pathname).then(
      ([type, body]) => response.setHeader('content-type', type).end(body),
      (error) => response.writeHead(404).end(error.message),
    );
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}
