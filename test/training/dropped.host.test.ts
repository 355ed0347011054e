// What dropped files are for.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countsText, placed } from '../../training/dropped.js';

const test = suite('dropped pictures');

const places = (...paths: string[]) => placed(paths.map((path) => [path, 0] as const)).map(([path]) => path);

test('folders of a data set stay as they are, wherever they lie', () =>
  assert.equal(places('my/set/train_label/deep/a.png', 'test_img/b.jpg', 'set/classes.json'), [
    'train_label/deep/a.png',
    'test_img/b.jpg',
    'classes.json',
  ]));

test('the end of a name tells what it is, and what is left of it pairs', () =>
  assert.equal(places('a_label.png', 'x/a_inst.png', 'a_img.jpg', 'b_photo.JPG', 'b_instances.png'), [
    'train_label/a.png',
    'train_inst/a.png',
    'train_img/a.jpg',
    'train_img/b.JPG',
    'train_inst/b.png',
  ]));

test("Cityscapes' names are left whole: whoever pairs files knows them", () =>
  assert.equal(places('c/a_gtFine_labelIds.png', 'a_gtFine_instanceIds.png', 'a_leftImg8bit.png'), [
    'train_label/a_gtFine_labelIds.png',
    'train_inst/a_gtFine_instanceIds.png',
    'train_img/a_leftImg8bit.png',
  ]));

test('what is no picture is passed over; a picture that could be anything is told', () => {
  assert.equal(places('README.md', '.DS_Store', 'train_label/._a.png'), []);
  assert.throws(() => places('holiday/a.png'), /holiday\/a\.png: may be a label map or a photo/);
});

test('they are counted for people', () =>
  assert.is(
    countsText(placed([['train_label/a.png', 0] as const, ['a_img.png', 0] as const])),
    '1 label maps, 0 instance maps, 1 photos',
  ));

test.run();
