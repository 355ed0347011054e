import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cursor, startCursor } from '../../src/data/cursor.js';
import { advance, type DatasetOptions, epochOrder, loadBatch } from '../../src/data/dataset.js';
import { openDataset } from '../../src/data/open-dataset.js';
import { refuses, withFolder } from '../formats/support.js';
import { goodSet, instances, label, OPTIONS, photo, writeFiles } from './make-set.js';

const test = suite('data sets');

const opened = <T>(
  options: Partial<DatasetOptions>,
  use: (dataset: Awaited<ReturnType<typeof openDataset>>) => T | Promise<T>,
  change = {},
) =>
  withFolder(async (root) => {
    writeFiles(root, goodSet(change));
    return use(await openDataset(root, { ...OPTIONS, ...options }));
  });

test('an epoch counts whole batches, no more than max_dataset_size', async () => {
  await opened({}, (d) => assert.is(d.size, 3));
  await opened({ batchSize: 2 }, (d) => assert.is(d.size, 2));
  await opened({ maxDatasetSize: 1 }, (d) => assert.is(d.size, 1));
});

test('a batch larger than the set is told', () =>
  refuses(() => opened({ batchSize: 4 }, () => {}), 2, /3 samples in .* make no batch of 4\. Lower --batch-size/));

test('the cursor walks through the epoch and on into the next', () =>
  opened({ batchSize: 2, maxDatasetSize: 2 }, (d) => {
    const first = startCursor(5);
    assert.equal(advance(d, first), { seed: 5, epoch: 2, position: 0 });
    const three = { ...d, size: 3, options: { ...d.options, batchSize: 1 } };
    assert.equal(advance(three, first), { seed: 5, epoch: 1, position: 1 });
  }));

test('serial order stays, shuffled order changes with epoch and seed and repeats exactly', () =>
  opened({ serialBatches: false }, (d) => {
    const many = { ...d, samples: Array.from({ length: 50 }, () => d.samples[0]) };
    const order = (seed: number, epoch: number) => epochOrder(many, { seed, epoch, position: 0 });
    assert.equal(order(1, 1), order(1, 1));
    assert.is.not(String(order(1, 1)), String(order(1, 2)));
    assert.is.not(String(order(1, 1)), String(order(2, 1)));
    const serial = { ...many, options: { ...many.options, serialBatches: true } };
    assert.equal(
      epochOrder(serial, startCursor(1)),
      Array.from({ length: 50 }, (_, i) => i),
    );
  }));

test('a run continued from a saved cursor sees the same batches, crops and flips', () =>
  opened({ serialBatches: false, noFlip: false, fineSize: 3 }, async (d) => {
    const seen: string[] = [];
    const walk = async (from: Cursor, steps: number) => {
      let cursor = from;
      const batches = [];
      for (let i = 0; i < steps; i++, cursor = advance(d, cursor)) batches.push(await loadBatch(d, cursor));
      return { batches, cursor };
    };
    const whole = await walk(startCursor(3), 7);
    const half = await walk(startCursor(3), 4);
    const rest = await walk(JSON.parse(JSON.stringify(half.cursor)), 3);
    assert.equal([...half.batches, ...rest.batches], whole.batches);
    for (const batch of whole.batches) seen.push(String(batch.labels));
    assert.ok(new Set(seen).size > 1, 'crops and flips vary');
  }));

test('prepared samples are kept as far as the memory given allows, and change nothing', () =>
  opened({ serialBatches: false, noFlip: false, fineSize: 3 }, async (d) => {
    const none = { ...d, options: { ...d.options, cacheBytes: 0 }, cache: { samples: new Map(), bytes: 0 } };
    const one = 24 * (4 + 4 + 3);
    const some = { ...d, options: { ...d.options, cacheBytes: 2 * one }, cache: { samples: new Map(), bytes: 0 } };
    for (let epoch = 1; epoch <= 3; epoch++) {
      for (let position = 0; position < 3; position++) {
        const cursor = { seed: 1, epoch, position };
        assert.equal(await loadBatch(some, cursor), await loadBatch(none, cursor));
      }
    }
    assert.equal([some.cache.samples.size, some.cache.bytes, none.cache.samples.size], [2, 2 * one, 0]);
  }));

test('a batch stacks its samples', () =>
  opened(
    { batchSize: 3 },
    async (d) => {
      const batch = await loadBatch(d, startCursor(1));
      assert.equal([batch.count, batch.width, batch.height], [3, 6, 4]);
      assert.equal([batch.labels?.length, batch.instances?.length, batch.image?.length], [72, 72, 216]);
      assert.equal(
        [0, 24, 48].map((at) => batch.labels?.[at]),
        [2, 1, 1],
      );
      assert.equal(
        batch.paths.map((paths) => paths.name),
        ['a', 'b', 'c'],
      );
    },
    { 'train_label/a.png': label(2, 2), 'train_inst/a.png': instances(1) },
  ));

test('pictures of different sizes in one batch are told', async () => {
  const odd = {
    'train_label/b.png': photo(1, 8, 8),
    'train_img/b.png': photo(1, 8, 8),
    'train_label/a.png': photo(),
    'train_label/c.png': photo(),
  };
  const change = Object.fromEntries(
    Object.entries(odd).map(([path, png]) => [
      path.replace('train_label', 'train_A').replace('train_img', 'train_B'),
      png,
    ]),
  );
  const rest = { 'train_B/a.png': photo(), 'train_B/c.png': photo() };
  const load = () =>
    opened({ batchSize: 2, labelNc: 0, noInstance: true }, (d) => loadBatch(d, startCursor(1)), { ...change, ...rest });
  await refuses(load, 65, /b\.png: 8×8 in a batch with 6×4 .*Use --batch-size 1/);
});

test.run();
