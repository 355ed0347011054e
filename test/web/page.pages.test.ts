// The page of README.md as it stands there, and the editor as one file from the disk.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleForPainting } from '../../scripts/bundle.mjs';
import { decodePng } from '../../src/data/png.js';
import { editorHtml } from '../../src/edit/html.js';
import { opensOf } from '../../src/edit/opens.js';
import { CHECKPOINT, closeBrowser, instancesPng, labelsPng, openPage } from '../editor/open-page.js';
import { smallMaps } from '../editor/small-maps.js';

const test = suite('pages');
const MODULE = '.cache/test/pix2pixhd.min.js';
const HTML = '.cache/test/editor.html';

test.before(async () => {
  await bundleForPainting({ entryPoints: ['src/web/index.ts'], outfile: MODULE });
});
test.after(async () => {
  rmSync(HTML, { force: true });
  await closeBrowser();
});

/** The first page in README.md. */
const readmePage = (): string => /```html\n([^]*?)```/.exec(readFileSync('README.md', 'utf8'))![1]!;

test('the file imports nothing, and has no wasm and no eval', () => {
  const text = readFileSync(MODULE, 'utf8');
  assert.not.match(text, /\bimport\s*[("'{*]|\bfrom\s*["']/);
  assert.not.match(text, /WebAssembly|\beval\(|new Function\b/);
});

test('the page of README.md paints', async () => {
  const files: Record<string, [type: string, body: Buffer | string]> = {
    '/': ['text/html', `<link rel="icon" href="data:,">${readmePage()}`],
    '/pix2pixhd.min.js': ['text/javascript', readFileSync(MODULE)],
    '/earth.safetensors': ['application/octet-stream', readFileSync(CHECKPOINT)],
  };
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url!] ?? ['text/plain', 'nothing'];
    response.writeHead(files[url!] ? 200 : 404, { 'content-type': type }).end(body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const open = await openPage(`http://127.0.0.1:${port}/`, async () => void server.close(), 'body[data-done]');
  try {
    // What is seen: a canvas that the GPU has presented may be empty to those who copy it.
    const { width, channels, data } = decodePng(await open.page.locator('canvas').screenshot());
    const at = (x: number) => [...data.subarray(channels * (64 * width + x)).subarray(0, 3)];
    const [ocean, desert] = [at(20), at(108)];
    assert.ok(desert[0]! - ocean[0]! > 40, `ocean ${ocean}, desert ${desert}`);
    assert.equal(open.complaints, []);
  } finally {
    await open.close();
  }
});

test('the editor in one file works from the disk and asks nobody for anything', async () => {
  const maps = smallMaps();
  const opens = { ...(await opensOf(CHECKPOINT, {})), labels: labelsPng(maps), instances: instancesPng(maps) };
  writeFileSync(HTML, await editorHtml(opens));
  const open = await openPage(pathToFileURL(resolve(HTML)).href);
  try {
    await open.settled();
    const data = await open.inEditor(async (editor) => [...(await editor.picture()).data]);
    assert.ok(Math.max(...data) - Math.min(...data) > 100);
    assert.equal(open.complaints, []);
  } finally {
    await open.close();
  }
});

test.run();
