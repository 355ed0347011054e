// The data doctor: twelve faults in one set, all named; and its repaired copy, which trains.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePng } from '../../src/data/png.js';
import { greyPng, makePng } from '../data/make-png.js';
import { goodSet, H, instances, label, photo, W } from '../data/make-set.js';
import { cli, type Files, TINY_NETS, withSet } from './support.js';

const test = suite('check');

const turned = () =>
  sharp({ create: { width: W, height: H, channels: 3, background: '#888' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();

const sample = (name: string, files: { label?: Uint8Array; inst?: Uint8Array; img?: Uint8Array } = {}): Files => ({
  [`train_label/${name}.png`]: files.label ?? label(1, 2),
  [`train_inst/${name}.png`]: files.inst ?? instances(26001, 26002),
  [`train_img/${name}.png`]: files.img ?? photo(),
});

const ids = (count: number, value = 0) => new Array<number>(count).fill(value);
const PALETTE = [
  [0, 0, 0],
  [9, 9, 9],
];
const png = (colour: number, channels: number, more: object = {}) =>
  makePng({ width: W, height: H, depth: 8, colour, samples: ids(W * H * channels, 50), ...more });

async function faultySet(): Promise<Files> {
  return {
    ...sample('id35', { label: label(1, 35, 35) }),
    ...sample('ignored', { label: label(255) }),
    ...sample('inst8', { inst: greyPng(W, H, [...ids(10, 7), ...ids(14, 8)]) }),
    ...sample('sizes', { img: photo(80, 2 * W, 2 * H) }),
    ...sample('palette', {
      label: makePng({ width: W, height: H, depth: 1, colour: 3, samples: [1, ...ids(23)], palette: PALETTE }),
    }),
    ...sample('alpha', { img: png(6, 4) }),
    ...sample('turned'),
    'train_img/turned.png': null,
    'train_img/turned.jpg': await turned(),
    ...sample('interlaced', { img: png(2, 3, { interlaced: true }) }),
    ...sample('odd', {
      label: greyPng(7, 5, ids(35, 1)),
      inst: greyPng(7, 5, ids(35, 1).with(0, 2), 16),
      img: photo(9, 7, 5),
    }),
    ...sample('alone'),
    'train_img/alone.png': null,
    ...sample('twice'),
    'train_label/twice.jpg': 'not even a picture',
    ...sample('Case'),
    ...sample('case'),
  };
}

const FAULTS: [fault: string, level: 'error' | 'note', file: RegExp, message: RegExp][] = [
  [
    'label 35 of 35',
    'error',
    /label.id35\.png/,
    /label id 35 \(2 pixels, first at x=1 y=0\) outside 0…34\. --label-nc 36/,
  ],
  ['255', 'error', /label.ignored\.png/, /label id 255 \(1 pixel, first at x=0 y=0\).*--dont-care 255/],
  ['8-bit instances', 'note', /inst.inst8\.png/, /has 8 bits/],
  ['sizes', 'error', /img.sizes\.png/, /is 12×8, its partner .*sizes\.png is 6×4\. Bring both to one size/],
  ['palette', 'note', /label.palette\.png/, /palette picture; its indices/],
  ['alpha', 'note', /img.alpha\.png/, /alpha channel, which is dropped/],
  ['EXIF turn', 'note', /img.turned\.jpg/, /EXIF orientation 6/],
  ['interlaced', 'note', /img.interlaced\.png/, /is interlaced/],
  ['odd size', 'note', /label.odd\.png/, /7×5 is rounded to multiples of 2/],
  ['missing pair', 'error', /label.alone\.png/, /has no partner named alone\.\* in .*train_img/],
  ['duplicate', 'error', /label.twice\.png/, /has the same name as .*twice\.jpg\. Remove or rename/],
  ['case', 'note', /label.case\.png/, /differs from .*Case\.png only in upper and lower case/],
];

const OPTIONS = [...TINY_NETS, '--label-nc', '35', '--resize-or-crop', 'none'];

test('twelve faults of twelve are named, with file and remedy; the repaired copy trains', async () =>
  withSet(await faultySet(), async (root, out) => {
    const before = readFileSync(join(root, 'train_label', 'ignored.png'));
    const fixed = join(root, 'fixed');
    const sheet = join(root, 'sheet.png');
    const { code, stdout, stderr } = await cli(['check', root, ...OPTIONS, '--json', '--fix', fixed, '--sheet', sheet]);
    assert.is(code, 65, stderr);
    const { findings, repaired, samples, smallest, labels } = JSON.parse(stdout);
    for (const [fault, level, file, message] of FAULTS) {
      const found = findings.find((finding: { message: string }) => message.test(finding.message));
      assert.ok(found, `${fault}: ${JSON.stringify(findings, null, 1)}`);
      assert.is(found.level, level, fault);
      assert.match(found.file, file);
    }
    assert.equal([samples, smallest, labels.length], [16, '6×4', 35]);
    assert.is(decodePng(readFileSync(sheet)).channels, 3);

    assert.equal(readFileSync(join(root, 'train_label', 'ignored.png')), before, 'the original stays');
    assert.equal([repaired.samples, repaired.classes], [14, 36]);
    const left = repaired.leftOut.map(({ file }: { file: string }) => /\w+\.\w+$/.exec(file)![0]);
    assert.equal(left.sort(), ['alone.png', 'twice.jpg', 'twice.png']);
    const { data } = decodePng(readFileSync(join(fixed, 'train_label', 'ignored.png')));
    assert.equal([...data].slice(0, 2), [35, 0]);
    assert.equal([...decodePng(readFileSync(join(fixed, 'train_label', 'palette.png'))).data].slice(0, 2), [1, 0]);
    assert.is(decodePng(readFileSync(join(fixed, 'train_img', 'sizes.png'))).width, W);

    const again = await cli(['check', fixed, ...TINY_NETS, '--label-nc', '36', '--resize-or-crop', 'none', '--json']);
    assert.is(again.code, 0, again.stdout);
    const trained = await cli(['train', fixed, '--out', out, ...TINY_NETS, '--label-nc', '36', '--max-steps', '3']);
    assert.is(trained.code, 0, trained.stderr);
  }));

test('a label map in the colours of the classes becomes ids; one in others is left out', () =>
  withSet(
    {
      'classes.json': JSON.stringify({
        classes: ['x', 'y', 'z'],
        palette: [
          [0, 0, 0],
          [50, 50, 50],
          [9, 8, 7],
        ],
      }),
      'train_label/b.png': png(2, 3),
      'train_label/c.png': photo(77),
    },
    async (root) => {
      const fixed = join(root, 'fixed');
      const { code, stdout } = await cli(['check', root, ...TINY_NETS, '--json', '--fix', fixed]);
      assert.is(code, 65);
      const { repaired } = JSON.parse(stdout);
      assert.equal([repaired.samples, repaired.classes], [2, 3]);
      assert.match(repaired.leftOut[0].what, /c\.png: colour 77 77 77 is none of a class/);
      assert.equal([...decodePng(readFileSync(join(fixed, 'train_label', 'b.png'))).data], ids(W * H, 1));
    },
  ));

test('a good set: counts, classes and instances in words, exit code 0; a folder that is there is not written to', () =>
  withSet(goodSet({}), async (root) => {
    const { code, stdout, stderr } = await cli(['check', root, ...TINY_NETS]);
    assert.is(code, 0, stderr);
    assert.match(stdout, /3 samples; sizes 6×4 \(3\); the smallest is 6×4, the nets need sides of 4/);
    assert.match(stdout, /Instances a picture: 3 to 3/);
    assert.match(stdout, / 0 {2}#000000 {2}class 0 {3}91\.67 % {2}in 3 pictures/);
    assert.match(stdout, /0 faults, at which a training would stop, and 0 notes/);
    const refused = await cli(['check', root, ...TINY_NETS, '--fix', join(root, 'train_label')]);
    assert.is(refused.code, 2);
    assert.match(refused.stderr, /train_label: is there already\. Give --fix a new folder/);
    assert.not.ok(existsSync(join(root, 'fixed')));
    const small = await cli(['check', root, ...TINY_NETS, '--n-downsample-global', '3']);
    assert.is(small.code, 65);
    assert.match(small.stdout, /FAULT .*a\.png: 6×4 pixels after scaling, the generator needs sides of 9/);
  }));

test.run();
