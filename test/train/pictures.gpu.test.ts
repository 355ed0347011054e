// From PNG files to trained weights by the whole way that Node and pages share: on one adapter, the same bits in both.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultClasses } from '../../src/data/colours.js';
import { startCursor } from '../../src/data/cursor.js';
import { advance, type Dataset, datasetOf, loadBatch } from '../../src/data/dataset.js';
import { decodeImage } from '../../src/data/decode.js';
import { encodePng } from '../../src/data/png.js';
import { trainDefaults } from '../../src/options/table.js';
import { planTraining } from '../../src/train/prepare.js';
import { trainingSteps } from '../../src/train/steps.js';
import { createTrainer } from '../../src/train/trainer.js';
import { openTestDevice } from '../support/device.js';
import { noteDigest } from '../support/digest.js';
import { SETTINGS } from './support.js';

const test = suite('training on pictures');

const SIZE = { width: 40, height: 32 };
const AREA = SIZE.width * SIZE.height;
const NAMES = ['a', 'b', 'c'];
const STEPS = 5;

/** Blocks of classes, an instance a block in 16 bits, and a photo whose colours follow both. */
function pngsOf(number: number): Record<string, Uint8Array> {
  const block = (i: number) => Math.floor((i % SIZE.width) / 8) + 5 * Math.floor(i / SIZE.width / 8) + number;
  const labels = Uint8Array.from({ length: AREA }, (_, i) => block(i) % 4);
  const instances = Uint16Array.from({ length: AREA }, (_, i) => 1000 * labels[i]! + block(i));
  const photo = Uint8Array.from({ length: 3 * AREA }, (_, i) => (60 * labels[Math.floor(i / 3)]! + 7 * i) % 256);
  return {
    label: encodePng({ ...SIZE, channels: 1, data: labels }),
    inst: encodePng({ ...SIZE, channels: 1, data: instances }),
    img: encodePng({ ...SIZE, channels: 3, data: photo }),
  };
}

/** Resized, cropped and mirrored, with everything in PNG files in memory. */
function pictures(): { dataset: Dataset; settings: typeof SETTINGS } {
  const files = new Map<string, Uint8Array>(
    NAMES.flatMap((name, i) => Object.entries(pngsOf(i)).map(([role, bytes]) => [`${role}/${name}`, bytes] as const)),
  );
  const options = { ...trainDefaults(), ...SETTINGS, noLsgan: false };
  const geometry = { resizeOrCrop: 'scale_width_and_crop', loadSize: 36, fineSize: 24, noFlip: false } as const;
  const { settings, data } = planTraining({ hasInstances: true }, { ...options, ...geometry }, 1e6);
  const samples = NAMES.map((name) => ({
    name,
    label: `label/${name}`,
    instance: `inst/${name}`,
    image: `img/${name}`,
  }));
  const foreign = () => Promise.reject(new Error('only PNG'));
  const read = (path: string) => decodeImage(files.get(path)!, path, {}, foreign);
  return { dataset: datasetOf(samples, data, read, 'memory'), settings };
}

test('five steps on PNG files, and what is painted then', async () => {
  const device = await openTestDevice();
  const { dataset, settings } = pictures();
  const trainer = createTrainer(device, { settings, classes: defaultClasses(4) });
  const source = { load: loadBatch.bind(null, dataset), advance: advance.bind(null, dataset) };
  const begin = { step: 0, cursor: startCursor(settings.seed) };
  const losses: number[] = [];
  for await (const step of trainingSteps(trainer, source, settings, begin, STEPS))
    losses.push(...Object.values(step.losses));
  const picture = await trainer.paint(await source.load(begin.cursor));
  trainer.close();
  assert.ok(losses.every(Number.isFinite) && losses.length === 4 * STEPS, losses.join(' '));
  assert.ok(picture.every((value) => Math.abs(value) <= 1));
  await noteDigest('losses of five steps on PNG files', [Float32Array.from(losses)]);
  await noteDigest('the picture after five steps on PNG files', [picture]);
});

test.run();
