// train and generate as people call them: what they leave behind, and what they say of faults.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePng } from '../../src/data/png.js';
import { decodeNpy } from '../../src/formats/npy.js';
import { greyPng, makePng } from '../data/make-png.js';
import { label, photo } from '../data/make-set.js';
import { bundled } from '../support/child.js';
import { cli, type Files, TINY, withSet } from './support.js';

const test = suite('train and generate');

/** A sample of another size than the others. */
const sample = (name: string, width: number, height: number): Files => ({
  [`train_label/${name}.png`]: greyPng(
    width,
    height,
    Array.from({ length: width * height }, (_, i) => i % 3),
  ),
  [`train_inst/${name}.png`]: greyPng(
    width,
    height,
    Array.from({ length: width * height }, (_, i) => i % 5),
    16,
  ),
  [`train_img/${name}.png`]: photo(90, width, height),
});

test('a folder of five sizes trains, and paints at five sizes', () =>
  withSet(
    { ...sample('d', 16, 11), ...sample('e', 9, 20), ...sample('f', 30, 30), ...sample('g', 12, 4) },
    async (root, out) => {
      const trained = await cli([
        'train',
        root,
        '--out',
        out,
        ...TINY,
        '--json',
        '--max-steps',
        '9',
        '--display-freq',
        '4',
      ]);
      assert.is(trained.code, 0, trained.stderr);
      const lines = trained.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(
        lines.map(({ step }) => step),
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
      );
      assert.equal(Object.keys(lines[0]), ['step', 'epoch', 'lr', 'G_GAN', 'G_GAN_Feat', 'D_real', 'D_fake']);
      assert.equal([lines[6].epoch, lines[7].epoch], [1, 2]);
      const log = readFileSync(join(out, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(
        log.map((line) => Object.fromEntries(Object.keys(lines[0]).map((name) => [name, line[name]]))),
        lines,
        'the log holds the same',
      );
      const rates = log.map(({ time }, i) => i && Number(((1000 * i) / (time - log[0].time)).toPrecision(6)));
      assert.equal(
        log.slice(1).map(({ imagesPerSecond }) => imagesPerSecond),
        rates.slice(1),
        "rates are those of the log's own times",
      );
      assert.ok(log.every(({ ms, deviceBytes }) => ms > 0 && deviceBytes > 1000));
      assert.equal([log[0].secondsLeft, log[8].secondsLeft], [undefined, 0]);
      assert.is(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).ngf, 2);
      assert.equal(readdirSync(join(out, 'samples')).sort(), ['step-4.png', 'step-8.png', 'step-9.png']);
      assert.equal(readdirSync(join(out, 'checkpoints')), ['step-9']);

      const paint = (...args: string[]) => cli(['generate', '--checkpoint', out, ...args]);
      const all = await paint(
        '--labels',
        join(root, 'train_label'),
        '--instances',
        join(root, 'train_inst'),
        '--out',
        join(out, 'all'),
      );
      assert.is(all.code, 0, all.stderr);
      assert.equal(
        readdirSync(join(out, 'all')).sort(),
        ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `${name}.png`),
      );
      const { width, height, channels } = decodePng(readFileSync(join(out, 'all', 'd.png')));
      assert.equal([width, height, channels], [16, 11, 3]);

      const one = await paint(
        '--labels',
        join(root, 'train_label', 'd.png'),
        '--format',
        'npy',
        '--out',
        join(out, 'one'),
        '--json',
        '--preview',
      );
      assert.is(one.code, 0, one.stderr);
      assert.match(one.stderr, /Preview after .*d\.preview\.npy\nFirst picture after/);
      assert.equal(decodeNpy(readFileSync(join(out, 'one', 'd.preview.npy'))).shape, [3, 5, 8]);
      assert.equal(JSON.parse(one.stdout), { name: 'd', path: join(out, 'one', 'd.npy'), width: 16, height: 11 });
      const { shape, data } = decodeNpy(readFileSync(join(out, 'one', 'd.npy')));
      assert.equal(shape, [3, 11, 16]);
      assert.ok((data as Float32Array).every((v) => Math.abs(v) <= 1));
      assert.match(one.stderr, /No --instances: every class counts as one instance/);

      const again = await cli(['train', root, '--out', out, ...TINY]);
      assert.is(again.code, 2);
      assert.match(
        again.stderr,
        /run: holds something already\. --resume goes on with the run in it; for a new one give another --out/,
      );
    },
  ));

test('without --json a training tells of data, device, memory, rate and losses in plain lines', () =>
  withSet({}, async (root, out) => {
    const { code, stdout, stderr } = await cli([
      'train',
      root,
      '--out',
      out,
      ...TINY,
      '--max-steps',
      '4',
      '--print-freq',
      '2',
    ]);
    assert.is(code, 0, stderr);
    assert.is(stdout, '');
    assert.match(stderr, /Data: 3 samples of .*\(train\), 3 classes, all read and in order/);
    assert.match(stderr, /Device: \w+/);
    assert.match(
      stderr,
      /Step: \d+ dispatches, \d+ pipelines compiled in .*memory [\d.]+ MiB beside [\d.]+ MiB of weights/,
    );
    assert.match(stderr, /^1\/4 {2}epoch 1 · first step/m);
    assert.match(stderr, /^4\/4 {2}epoch 2 · [\d.]+ images\/s · 0 s left · G_GAN [\d.]+ G_GAN_Feat [\d.]+ D_real/m);
    assert.not.match(stderr, /^3\/4/m);
    assert.match(stderr, /Saved .*step-4/);
    assert.match(stderr, /Next: .* generate --checkpoint/);
  }));

test('Ctrl-C saves and exits with 130', () =>
  withSet({}, async (root, out) => {
    const child = await import('node:child_process');
    const args = [await bundled('src/cli/main.ts'), 'train', root, '--out', out, ...TINY, '--json'];
    const running = child.spawn(process.execPath, args);
    let lines = 0;
    running.stdout.on('data', (text) => {
      const before = lines;
      lines += String(text).split('\n').length - 1;
      if (before < 5 && lines >= 5) running.kill('SIGINT');
    });
    const code = await new Promise((done) => running.on('close', done));
    assert.is(code, 130);
    const [saved] = readdirSync(join(out, 'checkpoints'));
    assert.is(saved, `step-${lines}`);
    const manifest = JSON.parse(readFileSync(join(out, 'checkpoints', saved!, 'manifest.json'), 'utf8'));
    assert.is(manifest.state.step, lines);
  }));

const RGB = photo();
const wrongLabel = (...ids: number[]): Files => ({ 'train_label/b.png': label(...ids) });

/** Fault, what is changed in a good set, arguments beside the usual ones, exit code, and what the message must say. */
const FAULTS: [name: string, change: Files, args: string[], code: number, message: RegExp][] = [
  [
    'label id too large',
    wrongLabel(1, 3),
    [],
    65,
    /train_label.b\.png: label id 3 \(1 pixel, first at x=1 y=0\) outside 0…2\. --label-nc 4/,
  ],
  ['label 255', wrongLabel(255), [], 65, /train_label.b\.png: label id 255 .*give --dont-care 255/],
  ['labels in RGB', { 'train_label/b.png': RGB }, [], 65, /train_label.b\.png: label map in colour \(RGB\)/],
  ['an instance map in RGB', { 'train_inst/b.png': RGB }, [], 65, /train_inst.b\.png: instance map in colour \(RGB\)/],
  [
    'sizes that differ',
    { 'train_img/b.png': photo(1, 5, 4) },
    [],
    65,
    /train_img.b\.png: is 5×4, its partner .*b\.png is 6×4/,
  ],
  [
    'a missing partner',
    { 'train_img/b.png': null },
    [],
    65,
    /train_label.b\.png: has no partner named b\.\* in .*train_img/,
  ],
  [
    'a truncated PNG',
    { 'train_label/b.png': label().slice(0, 60) },
    [],
    65,
    /train_label.b\.png: damaged PNG: it is cut short/,
  ],
  [
    'pictures too small for the net',
    {},
    ['--n-downsample-global', '3'],
    65,
    /6×4 pixels after scaling, the generator needs sides of 9/,
  ],
  [
    'pictures too small for the net that were not looked at before',
    {},
    ['--n-downsample-global', '3', '--no-check'],
    65,
    /a\.png: 6×4 pixels after scaling, the generator needs sides of 9/,
  ],
  ['no folder', {}, ['--phase', 'val'], 66, /val_label: no such file or folder\. Data folders are named/],
  ['a wrong value', {}, ['--num-d', '0'], 2, /'--num-d <INTEGER>' argument '0' is invalid\. It must be at least 1/],
  ['an unknown option', {}, ['--num-g', '1'], 2, /unknown option '--num-g'/],
  ['a batch of different sizes', sample('b', 8, 8), ['--batch-size', '3'], 65, /8×8 in a batch with 6×4/],
];

for (const [name, change, args, code, message] of FAULTS) {
  test(`told: ${name}`, () =>
    withSet(change, async (root, out) => {
      const ended = await cli(['train', root, '--out', out, ...TINY, ...args]);
      assert.is(ended.code, code, ended.stderr);
      assert.match(ended.stderr, message);
      assert.not.match(ended.stderr, /\n\s+at /, 'no stack');
      assert.not.ok(existsSync(out), 'nothing is left behind');
    }));
}

test('told: an empty folder, a folder named like a picture', () =>
  withSet({}, async (root, out) => {
    mkdirSync(join(root, 'train_label', 'x.png'));
    const named = await cli(['train', root, '--out', out, ...TINY]);
    assert.is(named.code, 65);
    assert.match(named.stderr, /x\.png: is a folder named like a picture\. Rename or remove it/);
    for (const role of ['label', 'inst', 'img']) mkdirSync(join(root, `empty_${role}`));
    const empty = await cli(['train', root, '--out', out, ...TINY, '--phase', 'empty']);
    assert.is(empty.code, 65);
    assert.match(empty.stderr, /empty_label: holds no picture\. Put PNG or JPEG files there/);
    assert.not.ok(existsSync(out));
  }));

test('told: an output that cannot be written, in training and in painting', () =>
  withSet({ file: 'x' }, async (root, out) => {
    const below = join(root, 'file', 'run');
    const training = await cli(['train', root, '--out', below, ...TINY]);
    assert.is(training.code, 74, training.stderr);
    assert.match(training.stderr, /file.run: a part of the path is a file, expected a folder/);
    assert.is(readFileSync(join(root, 'file'), 'utf8'), 'x');

    await cli(['train', root, '--out', out, ...TINY, '--max-steps', '1']);
    const painting = await cli([
      'generate',
      '--checkpoint',
      out,
      '--labels',
      join(root, 'train_label'),
      '--out',
      below,
    ]);
    assert.is(painting.code, 74, painting.stderr);
    const missing = await cli([
      'generate',
      '--checkpoint',
      out,
      '--labels',
      join(root, 'none'),
      '--out',
      join(root, 'p'),
    ]);
    assert.is(missing.code, 66);
    assert.match(missing.stderr, /none: no such file or folder/);
    writeFileSync(
      join(root, 'train_label', 'b.png'),
      makePng({ width: 2, height: 2, depth: 8, colour: 0, samples: [0, 1, 2, 7] }),
    );
    const wrong = await cli([
      'generate',
      '--checkpoint',
      out,
      '--labels',
      join(root, 'train_label', 'b.png'),
      '--out',
      join(root, 'p'),
    ]);
    assert.is(wrong.code, 65);
    assert.match(wrong.stderr, /b\.png: label id 7 .* outside 0…2\. The net was trained on 3 classes/);
    assert.not.ok(existsSync(join(root, 'p')));
  }));

test.run();
