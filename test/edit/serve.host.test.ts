// The editor's server and its single file: who may ask, what there is, and what the policy lets run.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildEditor } from '../../scripts/editor.mjs';
import { editorHtml } from '../../src/edit/html.js';
import { opensOf } from '../../src/edit/opens.js';
import { serveEditor } from '../../src/edit/serve.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { readManifest } from '../../src/nets/manifest.js';
import type { Served } from '../../src/server/loopback.js';

const test = suite('editor server');
const CHECKPOINT = 'examples/demo/earth.safetensors';

let served: Served;
let cookie = '';
test.before(async () => {
  await buildEditor('.cache/test/editor');
  served = await serveEditor(await opensOf(CHECKPOINT, {}), 0);
  const { headers } = await ask(new URL(served.url).search ? `/${new URL(served.url).search}` : '/');
  cookie = String(headers['set-cookie']).split(';')[0]!;
});
test.after(() => served.close());

function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = new URL(served.url);
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((done, fail) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on('error', fail)
      .end();
  });
}

test('the page, its worker, and what it opens are there for whoever has the token', async () => {
  for (const path of ['/', '/editor.js', '/worker.js', '/editor.css', '/labels.png', '/instances.png'])
    assert.is((await ask(path, { cookie })).status, 200, path);
  const opens = JSON.parse((await ask('/opens.json', { cookie })).body.toString());
  assert.is(opens.checkpoint, 'earth.safetensors');
  const file = parseSafetensors((await ask('/earth.safetensors', { cookie })).body);
  assert.is(readManifest(file.metadata, 'served').classes.names[0], 'deep ocean');
});

test('nobody else, no other site, and nothing outside', async () => {
  assert.is((await ask('/')).status, 403);
  assert.is((await ask('/', { cookie, host: 'evil.com' })).status, 403);
  assert.is((await ask('/', { cookie, origin: 'http://evil.com' })).status, 403);
  assert.is((await ask('/', { cookie }, 'POST')).status, 405);
  for (const path of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/__proto__', '/constructor'])
    assert.is((await ask(path, { cookie })).status, 404, path);
});

test('the single file lets run what its policy has the hash of, and holds the checkpoint whole', async () => {
  const html = await editorHtml({ ...(await opensOf(CHECKPOINT, {})), name: '<img onerror=x>"' });
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  assert.match(policy, /^default-src 'none';/);
  assert.not.match(policy, /unsafe|https?:/);
  const hashed = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const script = html.slice(html.indexOf('<script type="module">') + 22, html.lastIndexOf('</script>'));
  assert.ok(policy.includes(`script-src ${hashed(script)};`));
  assert.ok(policy.includes(`style-src ${hashed(/<style>([^]*?)<\/style>/.exec(html)![1]!)};`));
  assert.not.match(script, /<\/script/);
  assert.not.match(html, /<img onerror/);
  const embedded = /id="checkpoint"[^>]*>([^<]*)</.exec(html)![1]!;
  assert.equal(Buffer.from(embedded, 'base64'), readFileSync(CHECKPOINT));
});

test.run();
