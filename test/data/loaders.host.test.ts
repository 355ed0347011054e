// Threads that load: the same batches whatever their number, and faults told as without them.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startCursor } from '../../src/data/cursor.js';
import { advance, type Batch, type DatasetOptions } from '../../src/data/dataset.js';
import { type Loaders, startLoaders } from '../../src/data/loaders.js';
import { openDataset } from '../../src/data/open-dataset.js';
import { refuses, withFolder } from '../formats/support.js';
import { bundled } from '../support/child.js';
import { randomFrom } from '../support/random.js';
import { greyPng, makePng } from './make-png.js';
import { OPTIONS, writeFiles } from './make-set.js';

const test = suite('loading threads');

const CROPPED: DatasetOptions = { ...OPTIONS, fineSize: 5, noFlip: false, serialBatches: false, batchSize: 2 };

/** Five samples of noise, 9×7. */
function noise(): Record<string, Uint8Array> {
  const random = randomFrom(9);
  const [width, height] = [9, 7];
  const values = (count: number, most: number) => Array.from({ length: count }, () => random.int(0, most));
  const files = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => [
    [`train_label/${name}.png`, greyPng(width, height, values(63, 2))],
    [`train_inst/${name}.png`, greyPng(width, height, values(63, 900), 16)],
    [`train_img/${name}.png`, makePng({ width, height, depth: 8, colour: 2, samples: values(189, 255) })],
  ]);
  return Object.fromEntries(files);
}

async function withLoaders<T>(
  root: string,
  options: DatasetOptions,
  threads: number,
  use: (loaders: Loaders) => Promise<T>,
) {
  const dataset = await openDataset(root, options);
  const loaders = startLoaders(pathToFileURL(await bundled('test/data/load-thread.ts')), dataset, threads);
  try {
    return await use(loaders);
  } finally {
    await loaders.close();
  }
}

test('the same batches with no, one and three threads, cached or not, asked for in any order', () =>
  withFolder(async (root) => {
    writeFiles(root, noise());
    const batches = (threads: number, options: DatasetOptions) =>
      withLoaders(root, options, threads, async ({ load }) => {
        const dataset = await openDataset(root, options);
        const cursors = [startCursor(4)];
        for (let i = 1; i < 9; i++) cursors.push(advance(dataset, cursors.at(-1)!));
        const backwards = await Promise.all([...cursors].reverse().map(load));
        return backwards.reverse();
      });
    const want = await batches(0, CROPPED);
    const labels = (list: Batch[]) => list.map((batch) => batch.labels!.join());
    assert.ok(new Set(labels(want)).size > 6, 'batches differ');
    for (const [threads, cacheBytes] of [
      [1, 2 ** 20],
      [3, 2 ** 20],
      [3, 0],
    ] as const)
      assert.equal(await batches(threads, { ...CROPPED, cacheBytes }), want, `${threads} threads, ${cacheBytes} bytes`);
  }));

test('whole pictures, which lie in the cache as they are, can be had again', () =>
  withFolder(async (root) => {
    writeFiles(root, noise());
    await withLoaders(root, { ...OPTIONS, fineSize: 64 }, 2, async ({ load, look }) => {
      assert.equal(await look(1), { width: 9, height: 7 });
      const first = await load(startCursor(1));
      assert.equal(await load(startCursor(1)), first);
    });
  }));

test('what is wrong with a file is told as without threads, and the others load on', () =>
  withFolder(async (root) => {
    const files = noise();
    files['train_label/b.png'] = greyPng(9, 7, new Array(63).fill(7));
    writeFiles(root, files);
    await withLoaders(root, OPTIONS, 2, async ({ load, look }) => {
      const wrong = /train_label.b\.png: label id 7 \(63 pixels, first at x=0 y=0\) outside 0…2/;
      await refuses(() => look(1), 65, wrong);
      await refuses(() => load({ seed: 1, epoch: 1, position: 1 }), 65, wrong);
      rmSync(join(root, 'train_img', 'c.png'));
      await refuses(() => look(2), 66, /train_img.c\.png: no such file or folder/);
      assert.equal((await load(startCursor(1))).paths[0]!.name, 'a');
    });
  }));

test('a thread that has ended is an error, not a wait for ever', () =>
  withFolder(async (root) => {
    writeFiles(root, noise());
    await withLoaders(root, OPTIONS, 1, async (loaders) => {
      await loaders.look(0);
      await loaders.close();
      await refuses(() => loaders.look(1), 70, /a thread that loads pictures has ended/);
    });
  }));

test.run();
