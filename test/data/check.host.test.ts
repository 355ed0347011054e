import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkData } from '../../src/data/check.js';
import type { DatasetOptions } from '../../src/data/dataset.js';
import { withFolder } from '../formats/support.js';
import { greyPng, makePng } from './make-png.js';
import { goodSet, H, instances, label, OPTIONS, photo, W, writeFiles } from './make-set.js';

const test = suite('data check');

const check = (change: Parameters<typeof goodSet>[0], options: Partial<DatasetOptions> = {}) =>
  withFolder(async (root) => {
    writeFiles(root, goodSet(change));
    return checkData(root, { ...OPTIONS, ...options });
  });

test('a good set: sizes, classes and instances counted, nothing found', async () => {
  const report = await check({});
  assert.equal([report.samples, [...report.sizes], report.findings], [3, [['6×4', 3]], []]);
  assert.equal(
    [...report.labels],
    [
      [1, { pixels: 3, pictures: 3 }],
      [2, { pixels: 3, pictures: 3 }],
      [0, { pixels: 66, pictures: 3 }],
    ],
  );
  assert.equal(report.instances, [3, 3, 3]);
});

const zeros = (count: number) => new Array(count).fill(0);
const palette = [
  [0, 0, 0],
  [9, 9, 9],
];

const FAULTS: [
  name: string,
  change: Parameters<typeof goodSet>[0],
  level: 'error' | 'note',
  message: RegExp,
  options?: Partial<DatasetOptions>,
][] = [
  ['label id out of range', { 'train_label/b.png': label(3) }, 'error', /b\.png: label id 3/],
  ['label 255', { 'train_label/b.png': label(255) }, 'error', /255 usually means don't care/],
  ['8-bit instance map', { 'train_inst/b.png': greyPng(W, H, [1, ...zeros(40)]) }, 'note', /inst.b\.png: has 8 bits/],
  ['sizes differ', { 'train_img/b.png': photo(1, 4, 6) }, 'error', /img.b\.png: is 4×6, its partner/],
  [
    'palette labels',
    { 'train_label/b.png': makePng({ width: W, height: H, depth: 1, colour: 3, samples: zeros(24), palette }) },
    'note',
    /palette picture; its indices/,
  ],
  [
    'alpha',
    { 'train_img/b.png': makePng({ width: W, height: H, depth: 8, colour: 6, samples: zeros(96) }) },
    'note',
    /alpha channel, which is dropped/,
  ],
  [
    'interlaced',
    { 'train_img/b.png': makePng({ width: W, height: H, depth: 8, colour: 2, samples: zeros(72), interlaced: true }) },
    'note',
    /is interlaced/,
  ],
  [
    '16-bit photo',
    { 'train_img/b.png': makePng({ width: W, height: H, depth: 16, colour: 2, samples: zeros(72) }) },
    'note',
    /has 16 bits/,
  ],
  ['odd size', {}, 'note', /6×4 is rounded to multiples of 4/, { resizeOrCrop: 'none', multiple: 4 }],
  ['missing partner', { 'train_img/b.png': null }, 'error', /b\.png: has no partner/],
  ['duplicate', { 'train_label/b.jpg': 'x' }, 'error', /b\.png: has the same name/],
  [
    'names that differ in case',
    { 'train_label/B.png': label(), 'train_inst/B.png': instances(9), 'train_img/B.png': photo() },
    'note',
    /only in upper and lower case/,
  ],
  ['RGB labels', { 'train_label/b.png': photo() }, 'error', /label map in colour/],
  ['RGB instances', { 'train_inst/b.png': photo() }, 'error', /instance map in colour/],
  ['truncated', { 'train_label/b.png': label().slice(0, 50) }, 'error', /b\.png: damaged PNG/],
  ['one instance', { 'train_inst/b.png': instances(1) }, 'note', /single instance/],
];

for (const [name, change, level, message, options] of FAULTS) {
  test(`found: ${name}`, async () => {
    const { findings } = await check(change, options);
    const found = findings.find((finding) => message.test(finding.message));
    assert.is(found?.level, level, JSON.stringify(findings));
    assert.match(found?.file ?? '', /[bB]\.png$|a\.png$/);
  });
}

test('a turned JPEG is noted, and one fault does not hide another', async () => {
  const jpeg = await sharp({ create: { width: W, height: H, channels: 3, background: '#888' } })
    .withMetadata({ orientation: 8 })
    .jpeg()
    .toBuffer();
  const { findings, samples } = await check({
    'train_img/a.png': null,
    'train_img/a.jpg': jpeg,
    'train_label/b.png': label(9),
    'train_label/c.png': photo(),
  });
  assert.is(samples, 3);
  assert.equal(findings.map((finding) => finding.level).sort(), ['error', 'error', 'note']);
  assert.ok(findings.some((finding) => /EXIF orientation 8/.test(finding.message)));
});

test.run();
