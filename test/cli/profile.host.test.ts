// --profile as people give it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tracePath } from '../../src/cli/profile.js';
import { cli, TINY, withSet } from './support.js';

const test = suite('--profile');

test('the trace goes into the folder of the results, or into a file that is called as one', () => {
  assert.is(tracePath('', 'runs/mine'), join('runs/mine', 'profile.json'));
  assert.is(tracePath('t.json', 'runs/mine'), 't.json');
  assert.throws(() => tracePath('DATAROOT', 'runs/mine'), /--profile: got DATAROOT, wanted a file that ends in \.json/);
});

test('train --profile tells kernels, pipelines and idle time, and writes a trace; generate does too', () =>
  withSet({}, async (root, out) => {
    const trained = await cli(['train', root, '--out', out, ...TINY, '--max-steps', '3', '--no-tune', '--profile']);
    assert.is(trained.code, 0, trained.stderr);
    const { stderr } = trained;
    assert.match(stderr, /Kernels of the first step, by (timestamps|loops over each): \d+ dispatches, [\d.]+ ms/);
    assert.match(stderr, /\d+ × conv2d\.\S+ +\[[\d, ]+\] +[\d.]+ ms +[\d.]+ % +[\d.]+ GF\/s +[\d.]+ GB\/s/);
    assert.match(stderr, /\d+ pipelines compiled/);
    assert.match(stderr, /In the next 2 the device had nothing to do for [\d.]+ % of the time/);
    const { traceEvents } = JSON.parse(readFileSync(join(out, 'profile.json'), 'utf8'));
    const [dispatches] = /\d+(?= dispatches, [\d.]+ ms)/.exec(stderr)!;
    assert.is(
      traceEvents.filter(({ ph, tid }: { ph: string; tid: number }) => ph === 'X' && tid === 3).length,
      Number(dispatches),
    );

    const pictures = join(out, 'pictures');
    const labels = join(root, 'train_label');
    const args = ['generate', '--checkpoint', out, '--labels', labels, '--out', pictures, '--how-many', '1'];
    const painted = await cli([...args, '--profile', join(pictures, 'mine.json')]);
    assert.is(painted.code, 0, painted.stderr);
    assert.match(painted.stderr, /Kernels of the first picture/);
    assert.match(painted.stderr, /First picture after/);
    assert.ok(JSON.parse(readFileSync(join(pictures, 'mine.json'), 'utf8')).traceEvents.length > 5);
  }));

test.run();
