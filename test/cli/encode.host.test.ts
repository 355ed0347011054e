// encode and generate --styles as people call them, on a tiny run.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withFile } from '../../src/formats/files.js';
import { openSafetensors } from '../../src/formats/safetensors.js';
import { readManifest } from '../../src/nets/manifest.js';
import { greyPng, makePng } from '../data/make-png.js';
import { writeFiles } from '../data/make-set.js';
import { makeRun, type RunOptions } from '../encode/make-run.js';
import { withFolder } from '../formats/support.js';
import { MANIFEST } from '../generate/make-styled.js';
import { bundled, runNode } from '../support/child.js';
import { uniform } from '../support/hash.js';

const test = suite('encode and styles');

const [W, H] = [16, 12];
const PIXELS = W * H;

const cli = async (...args: string[]) =>
  runNode({ timeoutMs: 120_000, args: [await bundled('src/cli/main.ts'), ...args] });

/** Left class 1 in two instances, right class 3, one pixel of class 2 in the corner; 0 and 4 never occur. */
function picture(seed: number): Record<string, Uint8Array> {
  const at = (of: (x: number, y: number) => number) =>
    Array.from({ length: PIXELS }, (_, i) => of(i % W, Math.floor(i / W)));
  const label = at((x, y) => (x + y === 0 ? 2 : x < 8 ? 1 : 3));
  const ids = label.map((id, i) => (id === 1 ? 1000 + (i < PIXELS / 2 ? 1 : 2) : id));
  const samples = Array.from({ length: 3 * PIXELS }, (_, e) => Math.floor(255 * (uniform(seed, e) + 0.5)));
  return {
    label: greyPng(W, H, label),
    inst: greyPng(W, H, ids, 16),
    img: makePng({ width: W, height: H, depth: 8, colour: 2, samples }),
  };
}

async function withRun(options: RunOptions, use: (paths: Record<'root' | 'run' | 'file', string>) => Promise<void>) {
  await withFolder(async (folder) => {
    const [root, run] = [join(folder, 'set'), join(folder, 'run')];
    for (const [seed, name] of ['a', 'b', 'c'].entries()) {
      const files = Object.entries(picture(seed)).map(([role, bytes]) => [`train_${role}/${name}.png`, bytes]);
      writeFiles(root, Object.fromEntries(files));
    }
    await use({ root, run, file: await makeRun(run, options) });
  });
}

const stylesOf = (file: string) =>
  withFile(file, (source) => readManifest(openSafetensors(source).metadata, file).styles!);

/** The pictures that `generate` makes, by name. */
async function paint(root: string, run: string, ...args: string[]): Promise<Record<string, Buffer>> {
  const out = join(run, 'pictures');
  rmSync(out, { recursive: true, force: true });
  const maps = ['--labels', join(root, 'train_label'), '--instances', join(root, 'train_inst')];
  const { code, stderr } = await cli(
    'generate',
    '--checkpoint',
    run,
    ...maps,
    '--format',
    'npy',
    '--out',
    out,
    ...args,
  );
  assert.is(code, 0, stderr);
  return Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name))]));
}

test('encode finds styles by class, generate draws, takes over and chooses them', () =>
  withRun({}, async ({ root, run, file }) => {
    const encoded = await cli('encode', run, root, '--n_clusters', '2');
    assert.is(encoded.code, 0, encoded.stderr);
    assert.match(
      encoded.stdout,
      /Styles of 2 of 5 classes, stored in .*class 1: 2 \(6 regions\)\n {2}class 3: 2 \(3 regions\)/s,
    );
    assert.match(encoded.stdout, /no region is larger than 1\/64 of its picture: class 2\n/);
    assert.match(encoded.stdout, /there is no region: class 0, class 4\n/);
    assert.match(encoded.stderr, /1\/3 {2}a {2}4 regions/);
    const styles = await stylesOf(file);
    assert.equal(
      styles.map((centres) => centres.length),
      [0, 2, 0, 2, 0],
    );
    const again = await cli('encode', run, root, '--n-clusters', '2', '--json');
    assert.is(again.code, 0, again.stderr);
    assert.equal(await stylesOf(file), styles, 'the same seed, the same centres');
    const lines = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(lines[0], { name: 'a', regions: 4 });
    assert.equal(lines[3].classes[1], { class: 'class 1', regions: 6, styles: 2 });

    const drawn = await paint(root, run, '--seed', '2');
    assert.equal(await paint(root, run, '--seed', '2', '--styles', 'random'), drawn);
    const other = await paint(root, run, '--seed', '3');
    assert.not.ok(other['a.npy']!.equals(drawn['a.npy']!), 'another seed, another picture');

    const choice = join(run, 'choice.json');
    writeFileSync(
      choice,
      JSON.stringify({ classes: { 'class 1': 1, 3: styles[3]![0] }, regions: { 1002: 0, 2: [0, 0, 0] } }),
    );
    const chosen = await paint(root, run, '--styles', choice);
    const vectors = { 1001: styles[1]![1], 1002: styles[1]![0], 3: styles[3]![0] };
    writeFileSync(choice, JSON.stringify({ regions: vectors }));
    assert.equal(await paint(root, run, '--styles', choice), chosen, 'by name, id and number as by value');

    const photos = ['--images', join(root, 'train_img')];
    const taken = await paint(root, run, '--styles', 'encoded', ...photos);
    const encoder = join(file, '..', 'E.safetensors');
    assert.equal(await paint(root, run, '--use_encoded_image', '--encoder', encoder, ...photos), taken);
    assert.not.ok(taken['a.npy']!.equals(taken['b.npy']!), 'equal maps, other photos');
    assert.ok(drawn['a.npy']!.equals(drawn['b.npy']!), 'equal maps, the same draws');
    const zeros = await paint(root, run, '--styles', 'zeros');
    const all = [drawn, chosen, taken, zeros].map((pictures) => pictures['a.npy']!.toString('base64'));
    assert.is(new Set(all).size, 4, 'four ways, four pictures');
  }));

const CLUSTERED = 'test/formats/fixtures/features_clustered_010.npy';

test('the reference’s clusters: stored by encode, or drawn from as they are', () => {
  const encoding = { ...MANIFEST.encoding, labelNc: 27 };
  const names = Array.from({ length: 27 }, (_, i) => `class ${i}`);
  const generator = { ...MANIFEST.generator, inputNc: 31 };
  const manifest = { ...MANIFEST, encoding, generator, classes: { names, palette: [] } };
  return withRun({ manifest, encoder: false }, async ({ root, run, file }) => {
    const drawn = await paint(root, run, '--cluster_path', CLUSTERED, '--seed', '7');
    const stored = await cli('encode', run, '--features', CLUSTERED);
    assert.is(stored.code, 0, stored.stderr);
    assert.match(stored.stdout, /Styles of 3 of 27 classes.*class 26: 10\n/s);
    assert.is((await stylesOf(file))[26]!.length, 10);
    assert.equal(await paint(root, run, '--seed', '7'), drawn);
  });
});

const PLAIN = {
  ...MANIFEST,
  generator: { ...MANIFEST.generator, inputNc: 6 },
  encoding: { ...MANIFEST.encoding, features: undefined },
};
const TOLD: [what: string, options: RunOptions, args: string[], code: number, message: RegExp][] = [
  [
    'no encoder',
    { encoder: false },
    ['encode', 'RUN', 'ROOT'],
    66,
    /E\.safetensors: there is no encoder\. Give --encoder FILE/,
  ],
  [
    'a net without styles',
    { manifest: PLAIN },
    ['encode', 'RUN', 'ROOT'],
    65,
    /was trained without styles\. Train with --instance-feat/,
  ],
  ['no data', {}, ['encode', 'RUN'], 2, /takes styles from one place\. Give DATAROOT or --features FILE/],
  ['no pictures', {}, ['encode', 'RUN', 'ROOT', '--phase', 'x'], 66, /x_label: no such file or folder/],
  [
    'nothing to draw from',
    {},
    ['PAINT', '--styles', 'random'],
    65,
    /holds no styles to draw from.*Let .* encode RUN DATAROOT/,
  ],
  ['no photos', {}, ['PAINT', '--styles', 'encoded'], 2, /--styles encoded needs photos\. Give --images PATH/],
  [
    'photos for nothing',
    {},
    ['PAINT', '--images', 'ROOT'],
    2,
    /--images and --encoder are of use with --styles encoded alone/,
  ],
  [
    'styles for a net without',
    { manifest: PLAIN },
    ['PAINT', '--styles', 'zeros'],
    2,
    /was trained without styles\. Leave them out/,
  ],
  ['no such file', {}, ['PAINT', '--styles', 'rnadom'], 66, /rnadom: no such file/],
];

for (const [what, options, args, code, message] of TOLD) {
  test(`told: ${what}`, () =>
    withRun(options, async ({ root, run, file }) => {
      const words: Record<string, string[]> = {
        RUN: [run],
        ROOT: [root],
        PAINT: ['generate', '--checkpoint', run, '--labels', join(root, 'train_label'), '--out', join(run, 'out')],
      };
      const before = readFileSync(file);
      const ended = await cli(...args.flatMap((word) => words[word] ?? [word]));
      assert.is(ended.code, code, ended.stderr);
      assert.match(ended.stderr, message);
      assert.not.match(ended.stderr, /\n\s+at /, 'no stack');
      assert.equal(readFileSync(file), before, 'the generator is as it was');
      assert.equal(readdirSync(run).sort(), ['checkpoints', 'config.json'], 'nothing is left behind');
    }));
}

test.run();
