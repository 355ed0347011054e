// Which pictures are held out, when they are measured, and which checkpoint is the best.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../src/data/open-dataset.js';
import { verdictOf } from '../../src/metrics/measures.js';
import { keepBest } from '../../src/train/best.js';
import { dueAfter, type Ending, type Habits, leftAfter } from '../../src/train/due.js';
import { holdOut, splitSamples, spread } from '../../src/train/held-out.js';
import { createRun, readBest } from '../../src/train/run-folder.js';
import { goodSet, OPTIONS, photo, writeFiles } from '../data/make-set.js';
import { refuses, withFolder } from '../formats/support.js';
import { checkpoint } from './make-checkpoint.js';

const test = suite('validation');

const samplesNamed = (names: readonly string[]) => names.map((name) => ({ name, label: `${name}.png` }));
const namesOf = (samples: readonly { name: string }[]) => samples.map(({ name }) => name);

test('a name says by itself whether it is held out: about the share, at least one, and the rest is trained on', () => {
  const names = Array.from({ length: 400 }, (_, i) => `street_${i}`);
  const { trained, held } = splitSamples(samplesNamed(names), 0.2);
  assert.ok(Math.abs(held.length - 80) < 25, String(held.length));
  assert.equal(namesOf([...trained, ...held]).sort(), [...names].sort());
  const some = names.filter((_, i) => i % 3 === 0).reverse();
  const again = splitSamples(samplesNamed(some), 0.2);
  assert.equal(
    namesOf(again.held),
    some.filter((name) => namesOf(held).includes(name)),
  );
  assert.is(splitSamples(samplesNamed(names.slice(0, 5)), 1e-9).held.length, 1);
  assert.equal(spread([0, 1, 2, 3, 4, 5, 6], 3), [0, 2, 4]);
  assert.equal(spread([0, 1], 3), [0, 1]);
});

const HELD = { valPhase: 'test', valMax: 50 };

test('held pictures are whole, unmirrored and one a batch; what would train on them is refused', () =>
  withFolder(async (root) => {
    const test = (role: string) => `test_${role}/x.png`;
    const good = goodSet();
    const labels = { [test('label')]: good['train_label/a.png']!, [test('inst')]: good['train_inst/a.png']! };
    writeFiles(root, { ...good, ...labels, [test('img')]: photo() });
    const whole = await openDataset(root, { ...OPTIONS, noFlip: false, scaleJitter: 0.2, fineSize: 2, batchSize: 3 });
    const none = await holdOut(root, whole, HELD);
    assert.is(none.held, undefined);
    const { dataset, held } = await holdOut(root, whole, { ...HELD, val: root });
    assert.is(dataset, whole);
    assert.equal(namesOf(held!.samples), ['x']);
    const { noFlip, scaleJitter, fineSize, batchSize } = held!.options;
    assert.equal([noFlip, scaleJitter, fineSize, batchSize], [true, 0, Number.MAX_SAFE_INTEGER, 1]);
    const single = await openDataset(root, OPTIONS);
    const cut = await holdOut(root, single, { ...HELD, valFraction: 1e-9 });
    assert.is(cut.held!.samples.length, 1);
    assert.is(cut.dataset.size, 2);
    assert.not.ok(namesOf(cut.dataset.samples).includes(cut.held!.samples[0]!.name));
    const both = { ...HELD, val: root, valFraction: 0.5 };
    await refuses(() => holdOut(root, whole, both), 2, /--val and --val-fraction cannot go together/);
    const same = { ...HELD, val: join(root, '.'), valPhase: 'train' };
    await refuses(() => holdOut(root, whole, same), 2, /is what is trained on\. Give --val-fraction/);
    await refuses(() => holdOut(root, single, { ...HELD, valFraction: 0.9999999 }), 2, /leaves nothing to train on/);
  }));

const HABITS: Habits = { printFreq: 100, displayFreq: 100, saveLatestFreq: 10, saveEpochFreq: 10 };
const BATCHING = { batchSize: 2, accumulate: 1 };

test('measured with the checkpoints or at steps of its own, at the end, and never because of a stop', () => {
  const at = (step: number, habits: Habits, ending?: Ending) => {
    const cursor = { seed: 1, epoch: 1, position: 0 };
    return dueAfter({ step: step - 1, cursor }, { step, cursor }, BATCHING, habits, ending);
  };
  const steps = (habits: Habits) =>
    Array.from({ length: 11 }, (_, i) => i + 1).filter(
      (step) => at(step, habits, step === 11 ? 'done' : undefined).validation,
    );
  assert.equal(steps(HABITS), [5, 10, 11]);
  assert.equal(steps({ ...HABITS, valFreq: 4 }), [4, 8, 11]);
  const stopped = at(6, HABITS, 'stopped');
  assert.is(stopped.checkpoint, true);
  assert.is(stopped.validation, false);
  assert.is(leftAfter(5, 11, BATCHING, { ...HABITS, valFreq: 4 }, 1000).validation, 2);
  assert.is(leftAfter(5, 11, BATCHING, HABITS, 1000).validation, 2);
});

test('a metric knows which way is better; what is no number never is', () => {
  assert.is(verdictOf('l1', { l1: 3 }, 4).better, true);
  assert.is(verdictOf('psnr', { psnr: 3 }, 4).better, false);
  assert.equal(verdictOf('consistency', { accuracy: 0.9, meanIoU: 0.5 }), { value: 0.5, better: true });
  assert.is(verdictOf('ssim', {}, undefined).better, false);
});

test('the best is remembered over starts, by its own metric, as long as its checkpoint is there', () =>
  withFolder(async (folder) => {
    const run = await createRun(join(folder, 'run'), {});
    await run.log({ step: 1 });
    const first = await keepBest(run.root, 'psnr');
    const mark = first.beats({ psnr: 10 });
    assert.equal(mark, { metric: 'psnr', value: 10 });
    assert.equal(first.beats({ psnr: 10 }), mark, 'until a checkpoint has it');
    await run.saveCheckpoint(checkpoint(1), false, mark);
    // A kill may come here: what is saved is marked.
    assert.equal(await readBest(run.root), { step: 1, metric: 'psnr', value: 10 });
    first.saved(mark!);
    assert.is(first.beats({ psnr: 10 }), undefined);
    assert.is((await keepBest(run.root, 'psnr')).beats({ psnr: 9 }), undefined);
    assert.ok((await keepBest(run.root, 'ssim')).beats({ ssim: 0.1 }));
    rmSync(join(run.root, 'checkpoints', 'step-1'), { recursive: true });
    assert.ok((await keepBest(run.root, 'psnr')).beats({ psnr: 9 }), 'its checkpoint is gone');
    await run.close();
  }));

test.run();
