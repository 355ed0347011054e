// The dashboard as people start it: beside a training, and on a run's folder.

import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDashboard } from '../../scripts/dashboard.mjs';
import { buildTraining } from '../../scripts/training.mjs';
import { bundled } from '../support/child.js';
import { makeRun } from '../watch/make-run.js';
import { cli, TINY, withSet } from './support.js';

const test = suite('watch');
test.before(() => buildDashboard('.cache/test/dashboard'));

/** Starts a command and gives the dashboard's address as soon as it is printed; `end` waits for the exit code. */
async function started(args: string[]): Promise<{ url: string; end(signal?: NodeJS.Signals): Promise<number | null> }> {
  const child = spawn(process.execPath, [await bundled('src/cli/main.ts'), ...args]);
  const closed = new Promise<number | null>((done) => child.on('close', done));
  let text = '';
  const url = await new Promise<string>((done, fail) => {
    const hear = (data: Buffer) => {
      text += data;
      const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/.exec(text);
      if (address) done(address[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', () => fail(new Error(`ended without an address: ${text}`)));
  });
  return {
    url,
    end(signal) {
      if (signal) child.kill(signal);
      return closed;
    },
  };
}

async function pageAt(url: string): Promise<string> {
  const entry = await fetch(url, { redirect: 'manual' });
  const [cookie] = entry.headers.get('set-cookie')!.split(';');
  return (await fetch(new URL('/', url), { headers: { cookie: cookie! } })).text();
}

const DASHBOARD = ['--dashboard', '--port', '0'];

test('train --dashboard serves the page while it trains, and keeps no training from its end', () =>
  withSet({}, async (root, out) => {
    const { url, end } = await started(['train', root, '--out', out, ...TINY, '--max-steps', '300', ...DASHBOARD]);
    assert.match(await pageAt(url), /page\.js/);
    assert.is(await end(), 0);
  }));

test('watch serves the page of a run; Ctrl-C ends it', () =>
  withSet({}, async (root) => {
    const { url, end } = await started(['watch', makeRun(root, 'run'), '--port', '0']);
    assert.match(await pageAt(url), /page\.js/);
    await end('SIGINT');
  }));

test('studio serves the page that trains, and the Earth with it', async () => {
  await buildTraining('.cache/test/training');
  const { url, end } = await started(['studio', '--port', '0']);
  assert.match(await pageAt(url), /training\.js/);
  await end('SIGINT');
});

test('told: a folder without a run, and no folder', () =>
  withSet({}, async (root, out) => {
    const none = await cli(['watch', root]);
    assert.is(none.code, 66, none.stderr);
    assert.match(none.stderr, /set: holds no run/);
    const missing = await cli(['watch', out]);
    assert.is(missing.code, 66);
    assert.match(missing.stderr, /run: no such file or folder/);
  }));

test.run();
