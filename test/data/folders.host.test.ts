import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dataFolders, findSamples } from '../../src/data/folders.js';
import { refuses, withFolder } from '../formats/support.js';
import { goodSet, label, OPTIONS, writeFiles } from './make-set.js';

const test = suite('data folders');

/** Runs findSamples on a set made of `files`; paths come back relative to the root. */
const find = (files: Record<string, Uint8Array | string>, options = OPTIONS) =>
  withFolder(async (root) => {
    writeFiles(root, files);
    const samples = await findSamples(dataFolders(root, 'train', options));
    const short = (path?: string) => path?.slice(root.length + 1).replaceAll('\\', '/');
    return samples.map((s) => ({ name: s.name, files: [s.label, s.instance, s.image, s.feature].map(short) }));
  });

const x = 'x'; // findSamples opens no file

test('samples are paired by name, in order, below subfolders too', async () => {
  const names = ['b/2', 'b/10', 'a', 'B'];
  const files = names.flatMap((name) => [
    [`train_label/${name}.png`, x],
    [`train_inst/${name}.PNG`, x],
    [`train_img/${name}.jpeg`, x],
  ]);
  const samples = await find(Object.fromEntries(files));
  assert.equal(
    samples.map((s) => s.name),
    ['B', 'a', 'b/10', 'b/2'],
  );
  assert.equal(samples[2].files, ['train_label/b/10.png', 'train_inst/b/10.PNG', 'train_img/b/10.jpeg', undefined]);
});

test('names past U+FFFF sort by code point, as in Python', async () => {
  const samples = await find(
    { 'train_label/\u{1f30d}.png': x, 'train_label/\uff5e.png': x },
    { ...OPTIONS, noInstance: true, images: false },
  );
  assert.equal(
    samples.map((s) => s.name),
    ['\uff5e', '\u{1f30d}'],
  );
});

test('the endings of Cityscapes belong together', async () => {
  const city = 'aachen_000000_000019';
  const [sample] = await find({
    [`train_label/${city}_gtFine_labelIds.png`]: x,
    [`train_inst/${city}_gtFine_instanceIds.png`]: x,
    [`train_img/${city}_leftImg8bit.png`]: x,
  });
  assert.is(sample.name, city);
});

test('label_nc 0 reads A and B, features their own folder, other files are left alone', async () => {
  const files = { 'train_A/1.png': x, 'train_B/1.jpg': x, 'train_A/Thumbs.db': x, 'train_B/.1.png': x };
  assert.equal((await find(files, { ...OPTIONS, labelNc: 0, noInstance: true }))[0].files, [
    'train_A/1.png',
    undefined,
    'train_B/1.jpg',
    undefined,
  ]);
  const features = {
    ...goodSet(),
    ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`train_feat/${name}.png`, x])),
  };
  assert.is((await find(features, { ...OPTIONS, loadFeatures: true }))[1].files[3], 'train_feat/b.png');
});

test('single files pair whatever their names', () =>
  withFolder(async (root) => {
    writeFiles(root, { 'my-labels.png': x, 'ids.png': x });
    const [sample] = await findSamples({ label: join(root, 'my-labels.png'), instance: join(root, 'ids.png') });
    assert.equal(sample, { name: 'my-labels', label: join(root, 'my-labels.png'), instance: join(root, 'ids.png') });
  }));

const FAULTS: [name: string, files: Record<string, Uint8Array | string>, exitCode: number, message: RegExp][] = [
  [
    'a missing photo',
    goodSet({ 'train_img/b.png': null }),
    65,
    /train_label\/b\.png: has no partner named b\.\* in .*train_img\. /,
  ],
  [
    'a missing label',
    goodSet({ 'train_label/b.png': null }),
    65,
    /train_inst\/b\.png: has no partner named b\.\* in .*train_label\. .* a, c/,
  ],
  [
    'several missing',
    goodSet({ 'train_inst/b.png': null, 'train_inst/c.png': null }),
    65,
    /b\.png: .*train_inst \(and 1 more files\)/,
  ],
  ['a partner in other case', goodSet({ 'train_img/b.png': null, 'train_img/B.png': x }), 65, /no partner named b\.\*/],
  [
    'a missing folder',
    goodSet({ 'train_inst/a.png': null, 'train_inst/b.png': null, 'train_inst/c.png': null }),
    66,
    /train_inst: no such file or folder/,
  ],
  [
    'a folder without pictures',
    goodSet({
      'train_inst/a.png': null,
      'train_inst/b.png': null,
      'train_inst/c.png': null,
      'train_inst/readme.txt': x,
    }),
    65,
    /train_inst: holds no picture/,
  ],
  [
    'a folder named like a picture',
    goodSet({ 'train_label/x.png/inside.txt': x }),
    65,
    /x\.png: is a folder named like a picture/,
  ],
  ['two files of one name', goodSet({ 'train_label/a.jpg': x }), 65, /a\.png: has the same name as .*a\.jpg/],
];

for (const [name, files, exitCode, message] of FAULTS) {
  test(`told: ${name}`, async () => {
    await refuses(() => find(files), exitCode, message);
  });
}

test('an empty folder is told', () =>
  withFolder(async (root) => {
    mkdirSync(join(root, 'train_label'));
    await refuses(() => findSamples({ label: join(root, 'train_label') }), 65, /train_label: holds no picture/);
  }));

test('a link to a file is followed, one that leads round in a circle is not', () =>
  withFolder(async (root) => {
    writeFiles(root, { 'labels/a.png': label(), 'store/b.png': label() });
    symlinkSync(join(root, 'store', 'b.png'), join(root, 'labels', 'b.png'));
    symlinkSync(join(root, 'labels'), join(root, 'labels', 'round'));
    assert.equal(
      (await findSamples({ label: join(root, 'labels') })).map((s) => s.name),
      ['a', 'b'],
    );
  }));

test.run();
