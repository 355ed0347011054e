// What the dashboard's server gives, and to whom.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDashboard } from '../../scripts/dashboard.mjs';
import { openRuns } from '../../src/watch/run.js';
import { serveRuns } from '../../src/watch/server.js';
import { withFolder } from '../formats/support.js';
import { addSteps, makeRun } from './make-run.js';

const test = suite('dashboard server');
test.before(() => buildDashboard('.cache/test/dashboard'));

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request as it is written: no client tidies the path up. */
function ask(port: number, path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => {
        parts.push(part);
        if (response.headers['content-type'] === 'text/event-stream') sent.destroy();
      });
      response.on('close', () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', fail);
    sent.end();
  });
}

type Use = (port: number, get: (path: string, more?: Record<string, string>) => Promise<Answer>) => Promise<void>;

async function withServer(paths: string[], use: Use): Promise<void> {
  const { url, close } = await serveRuns(await openRuns(paths), 0);
  try {
    const { port, search } = new URL(url);
    const entry = await ask(Number(port), `/${search}`, {});
    const [cookie] = entry.headers['set-cookie']![0]!.split(';') as [string];
    await use(Number(port), (path, more = {}) => ask(Number(port), path, { cookie, ...more }));
  } finally {
    await close();
  }
}

test('page, curves, pictures and news', () =>
  withFolder(async (folder) => {
    const root = makeRun(folder, 'one');
    await withServer([root], async (_, get) => {
      const page = await get('/');
      assert.is(page.status, 200);
      assert.match(String(page.body), /page\.js/);
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'; script-src 'self'/);
      assert.is(page.headers['x-content-type-options'], 'nosniff');
      for (const file of ['/page.js', '/page.css']) assert.is((await get(file)).status, 200);
      const { steps, columns } = JSON.parse(String((await get('/runs/0/curves?from=2&to=4')).body));
      assert.equal(
        [steps, columns.G_GAN],
        [
          [2, 3, 4],
          [1 / 2, 1 / 3, 1 / 4],
        ],
      );
      const png = await get('/runs/0/samples/3.png');
      assert.equal([png.status, png.headers['content-type']], [200, 'image/png']);
      const [news] = /(?<=data: ).*/.exec(String((await get('/events')).body))!;
      const { run, status } = JSON.parse(news);
      assert.equal([run, status.name, status.step, status.total, status.samples], [0, 'one', 6, 20, [3, 6]]);
    });
  }));

test('refused with 403: no token or a wrong one, other hosts, other origins, posts', () =>
  withFolder(async (folder) => {
    const root = makeRun(folder, 'one');
    await withServer([root], async (port, get) => {
      const host = `127.0.0.1:${port}`;
      assert.is((await get('/', { origin: `http://${host}` })).status, 200);
      assert.is((await get('/', { host: `localhost:${port}` })).status, 200);
      const REFUSED: Record<string, string>[] = [
        { cookie: '' },
        { cookie: `pix2pixhd-${port}=` },
        { cookie: `pix2pixhd-${port}=${'A'.repeat(32)}` },
        { host: 'evil.com' },
        { host: `evil.com:${port}` },
        { host: `127.0.0.1:${port}.evil.com` },
        { host: '127.0.0.1' },
        { origin: 'http://evil' },
        { origin: 'null' },
        { origin: `https://${host}` },
        { origin: 'http://127.0.0.1' },
      ];
      for (const headers of REFUSED) {
        for (const path of ['/', '/page.js', '/events', '/runs/0/curves', '/runs/0/samples/3.png']) {
          const { status, headers: sent } = await get(path, headers);
          assert.is(status, 403, `${JSON.stringify(headers)} ${path}`);
          assert.is(sent['access-control-allow-origin'], undefined);
        }
      }
      assert.is((await ask(port, `/?token=${'A'.repeat(32)}`, {})).status, 403);
      assert.is((await ask(port, '/runs/0/curves', {}, 'POST')).status, 403);
    });
  }));

test('it listens on loopback alone', () =>
  withFolder(async (folder) => {
    const root = makeRun(folder, 'one');
    await withServer([root], async (port) => {
      const others = Object.values(networkInterfaces()).flatMap((list) => list!.filter(({ internal }) => !internal));
      for (const { address } of others) {
        const refused = await new Promise((done) => {
          const sent = request({ host: address, port, path: '/' }, () => done(false));
          sent.on('error', () => done(true)).end();
        });
        assert.ok(refused, address);
      }
    });
  }));

test('no path leads out: of the page, of a run, or along a link', () =>
  withFolder(async (folder) => {
    const root = makeRun(folder, 'one');
    writeFileSync(join(folder, 'secret.png'), 'secret');
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync(join(folder, 'secret.png'), join(root, 'samples', 'step-9.png'));
    const ups = ['..', '..%2f', '%2e%2e', '..%5c', '%2e%2e%2f', '..%00', '....//', '..;', '%252e%252e', '..%c0%af'];
    const bases = ['/', '/runs/0/', '/runs/0/samples/', '/samples/', '/page.js/', '/runs/'];
    const paths = [
      ...bases.flatMap((base) => ups.flatMap((up) => [`${base}${up}/secret.png`, `${base}${up}/${up}/secret`])),
      ...[`/runs/0/samples/9.png`, `/runs/0/samples/..%2f..%2f..%2fsecret.png`, '/runs/-1/curves', '/runs/0x0/curves'],
      ...[`/runs/1/curves`, `//secret.png`, `/${folder}/secret`, '/runs/0/config.json', '/runs/0/samples/3.png/..'],
    ];
    await withServer([root], async (_, get) => {
      for (const path of paths) {
        const { status, body } = await get(path);
        assert.is(status, 404, path);
        assert.not.match(String(body), /secret$/);
      }
    });
  }));

test('a folder of runs gives all of them; one without a run is refused; a port in use is told', () =>
  withFolder(async (folder) => {
    for (const name of ['b', 'a']) addSteps(makeRun(folder, name), 7, 8);
    mkdirSync(join(folder, 'empty'));
    const runs = await openRuns([folder, join(folder, 'a')]);
    assert.equal(
      runs.map(({ name }) => name),
      ['a', 'b'],
    );
    await openRuns([join(folder, 'empty')]).then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, /empty: holds no run\. Give a run's folder/),
    );
    await withServer([folder], async (port) => {
      await serveRuns(runs, port).then(
        () => assert.unreachable(),
        (error) => assert.match(error.message, /port \d+ cannot be used: .*EADDRINUSE.*Give another --port/),
      );
    });
  }));

test.run();
