// A training in a tab, and what the command line makes of what it leaves.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage } from '../../src/data/load.js';
import { encodePng } from '../../src/data/png.js';
import { servePage } from '../../src/server/page.js';
import { cli } from '../cli/support.js';
import { closeBrowser, type OpenPage, openPage } from '../editor/open-page.js';

const test = suite('training in Chromium');

const EARTH = 'examples/earth';
const TILES = ['x1536_y0160', 'x2048_y0160', 'x2048_y0672'];
/** The smallest nets: most of the time SwiftShader compiles kernels. */
const OPTIONS = {
  'load-size': 64,
  'fine-size': 32,
  ngf: 4,
  'n-downsample-global': 1,
  'n-blocks-global': 0,
  ndf: 4,
  lr: 0.0005,
  niter: 2,
  'niter-decay': 0,
  'display-freq': 4,
  'save-latest-freq': 100,
  seed: 3,
} as const;

let root: string;
let open: OpenPage;

/** Some of the Earth with its photos as PNG, which all decode alike. */
async function writeSet(folder: string): Promise<void> {
  const put = (path: string, bytes: Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  put('classes.json', readFileSync(join(EARTH, 'classes.json')));
  for (const tile of TILES) {
    for (const role of ['label', 'inst'])
      put(`train_${role}/${tile}.png`, readFileSync(join(EARTH, `train_${role}`, `${tile}.png`)));
    const { width, height, data } = await readImage(join(EARTH, 'train_img', `${tile}.jpg`));
    put(`train_img/${tile}.png`, encodePng({ width, height, channels: 3, data }));
  }
}

test.before(async () => {
  root = mkdtempSync(join(tmpdir(), 'pix2pixhd-tab-'));
  await writeSet(join(root, 'data'));
  const served = await servePage('training', 'training.js', 0);
  open = await openPage(served.url, served.close, 'form');
});
test.after(async () => {
  await open?.close();
  await closeBrowser();
  rmSync(root, { recursive: true, force: true });
});

const status = (text: RegExp) => open.page.locator('header [role=status]').filter({ hasText: text }).waitFor();

/** Presses Pause in the page itself as soon as it says that it trains: the few steps are over before a busy machine's test hears of it. */
const pauseOnceTraining = () =>
  open.page.evaluate(() => {
    const watcher = new MutationObserver(() => {
      const trains = /Training on/.test(document.querySelector('header [role=status]')?.textContent ?? '');
      const pause = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Pause');
      if (!trains || !pause || pause.disabled) return;
      watcher.disconnect();
      pause.click();
    });
    watcher.observe(document.body, { attributes: true, characterData: true, childList: true, subtree: true });
  });

/** Downloads a run and unpacks it. @returns its folder */
async function download(to: string): Promise<string> {
  const coming = open.page.waitForEvent('download');
  await open.page.getByRole('button', { name: 'Download' }).click();
  const path = await (await coming).path();
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(path)))) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
  return join(to, 'mine');
}

interface Line {
  step: number;
  [name: string]: number;
}

const CLOCKS = ['time', 'ms', 'waitMs', 'imagesPerSecond', 'secondsLeft', 'deviceBytes'];

/** The losses of a run's log, without what clocks and memory say. */
const lossesOf = (run: string): Line[] => {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const record = Object.entries(JSON.parse(line) as Line).filter(([name]) => !CLOCKS.includes(name));
    return Object.fromEntries(record) as Line;
  });
};

const tensors = (run: string, step: number) =>
  ['G', 'D', 'optimizer'].map((name) => readFileSync(join(run, 'checkpoints', `step-${step}`, `${name}.safetensors`)));

test('it trains on dropped pictures, pauses, and goes on to its end', async () => {
  const chooser = open.page.waitForEvent('filechooser');
  await open.page.getByRole('button', { name: 'Choose folder …' }).click();
  await (await chooser).setFiles(join(root, 'data'));
  await open.page.getByText('3 label maps, 3 instance maps, 3 photos').waitFor();
  for (const [name, value] of Object.entries(OPTIONS))
    await open.page.getByLabel(name, { exact: true }).fill(`${value}`);
  await pauseOnceTraining();
  await open.page.getByRole('button', { name: 'Start' }).click();
  await status(/Paused/);
  assert.ok((await open.page.locator('.chart').count()) > 4);
});

test('after the page was opened anew, the command line and the tab both go on, and end with the same bits', async () => {
  await open.page.reload();
  await open.page.getByRole('button', { name: 'Go on' }).waitFor();
  const paused = await download(join(root, 'paused'));
  const data = join(root, 'data');
  const done = await cli(['train', data, '--resume', '--out', paused, '--adapter', 'swiftshader']);
  assert.is(done.code, 0, done.stderr);
  await open.page.getByRole('button', { name: 'Go on' }).click();
  await status(/has ended/);
  const ended = await download(join(root, 'ended'));
  assert.equal(lossesOf(paused), lossesOf(ended));
  assert.equal(tensors(paused, 6), tensors(ended, 6));
});

/** Files but for the kernels that their state names: a page has other ones, here of the same sums. */
const bitsOf = (run: string) =>
  tensors(run, 6).map((file) => {
    const start = 8 + Number(file.readBigUInt64LE(0));
    const { __metadata__: metadata, ...directory } = JSON.parse(file.subarray(8, start).toString());
    const { kernels: _, ...state } = JSON.parse(metadata.state ?? '{}');
    return { directory, metadata: { ...metadata, state }, data: file.subarray(start).toString('hex') };
  });

test('the command line trains to the same bits from the first step', async () => {
  const out = join(root, 'node');
  const options = Object.entries({ ...OPTIONS, 'num-d': 1, 'n-layers-d': 1, 'resize-or-crop': 'scale_width_and_crop' });
  const given = options.flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const args = ['train', join(root, 'data'), '--out', out, '--no-vgg-loss', '--adapter', 'swiftshader', ...given];
  const done = await cli(args);
  assert.is(done.code, 0, done.stderr);
  assert.equal(lossesOf(out), lossesOf(join(root, 'ended', 'mine')));
  assert.equal(bitsOf(out), bitsOf(join(root, 'ended', 'mine')));
});

test('what is wrong with pictures is told in words, and no run is left', async () => {
  const chooser = open.page.waitForEvent('filechooser');
  await open.page.getByRole('button', { name: 'Choose files …' }).click();
  await (await chooser).setFiles([{ name: 'what.png', mimeType: 'image/png', buffer: Buffer.from('x') }]);
  await open.page.getByRole('button', { name: 'Start' }).click();
  assert.match((await open.page.getByRole('alert').textContent())!, /what\.png: may be a label map or a photo/);
  assert.is(await open.page.locator('article').count(), 1);
});

test('nothing violated the policy, and nobody else was asked', () => assert.equal(open.complaints, []));

test.run();
