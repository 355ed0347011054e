// Measures of a trained net as people get them.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { greyPng } from '../data/make-png.js';
import { label, photo } from '../data/make-set.js';
import { cli, type Files, TINY, withSet } from './support.js';

const test = suite('evaluate');

/** Held-out samples of two sizes. */
const HELD: Files = {
  'test_label/x.png': label(1, 2),
  'test_inst/x.png': greyPng(6, 4, new Array(24).fill(1), 16),
  'test_img/x.png': photo(),
  'test_label/y.png': greyPng(13, 12, new Array(156).fill(2)),
  'test_inst/y.png': greyPng(13, 12, new Array(156).fill(1), 16),
  'test_img/y.png': photo(90, 13, 12),
};

test('likeness and label consistency of held-out pictures; what cannot be measured is told', () =>
  withSet(HELD, async (root, out) => {
    const trained = await cli(['train', root, '--out', out, ...TINY, '--max-steps', '2']);
    assert.is(trained.code, 0, trained.stderr);
    const measured = await cli(['evaluate', out, root, '--judge-steps', '3', '--json']);
    assert.is(measured.code, 0, measured.stderr);
    const { pictures, likeness, consistency } = JSON.parse(measured.stdout);
    assert.is(pictures, 2);
    // Every training photo is flat at 100, so its class means are, too: 0 and 10 levels from the two photos.
    assert.is(likeness.means.l1, 5);
    assert.ok(likeness.ours.l1 > 5);
    assert.equal(Object.keys(consistency), ['photos', 'ours', 'means', 'shuffled']);
    for (const { accuracy, meanIoU } of Object.values(consistency) as { accuracy: number; meanIoU: number }[]) {
      assert.ok(accuracy >= 0 && accuracy <= 1 && meanIoU >= 0 && meanIoU <= 1);
    }

    const plain = await cli(['evaluate', out, root, '--judge-steps', '0']);
    assert.is(plain.code, 0, plain.stderr);
    assert.match(plain.stdout, /2 pictures, against their photos/);
    assert.match(plain.stdout, /class means +5\.00/);
    assert.not.match(plain.stdout, /consistency/);

    const missing = await cli(['evaluate', out, root, '--phase', 'val']);
    assert.is(missing.code, 66);
    assert.match(missing.stderr, /val_label: no such file or folder/);
    const none = await cli(['evaluate', join(root, 'none'), root]);
    assert.is(none.code, 66);
  }));

test.run();
