import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkData } from '../../src/data/check.js';
import { readImage } from '../../src/data/load.js';
import { openDataset } from '../../src/data/open-dataset.js';
import type { SamplePaths } from '../../src/data/pairing.js';
import { createRng } from '../../src/data/rng.js';
import { drawSample, prepareSample } from '../../src/data/sample.js';
import { readClasses } from '../../src/train/open-training.js';
import { OPTIONS } from './make-set.js';

const test = suite('the Earth set');

const ROOT = 'examples/earth';
const options = { ...OPTIONS, labelNc: 10 };

/** A tile whole and as it is. */
async function tile(paths: SamplePaths) {
  const whole = { ...options, fineSize: 512 };
  return drawSample(await prepareSample(paths, whole, readImage), whole, createRng(1));
}

for (const [phase, samples, size] of [
  ['train', 12, '512×512'],
  ['test', 6, '512×512'],
  ['whole', 1, '2048×1024'],
] as const) {
  test(`${phase}: complete, of one size, nothing to find`, async () => {
    const report = await checkData(ROOT, { ...options, phase });
    assert.equal([report.findings, report.samples, [...report.sizes]], [[], samples, [[size, samples]]]);
    assert.ok(Math.min(...report.instances) > 5, 'instances are what the editor and the encoder live on');
    const rare = phase === 'train' ? 10 : 9; // every class can be learned
    assert.ok(report.labels.size >= rare, String([...report.labels.keys()]));
  });
}

test('ids follow the convention: below 1000 the class itself, else class × 1000 + number', async () => {
  const { samples } = await openDataset(ROOT, options);
  for (const paths of samples) {
    const { labels, instances } = await tile(paths);
    const wrong = instances?.findIndex((id, i) => (id < 1000 ? id : Math.floor(id / 1000)) !== labels?.[i]);
    assert.is(wrong, -1, paths.label);
  }
});

test('the classes have names and colours; the summer photo fits the whole map', async () => {
  const { names, palette } = await readClasses(`${ROOT}/classes.json`);
  assert.equal([names.length, palette.length, names[4]], [10, 10, 'broadleaf forest']);
  const summer = await readImage(`${ROOT}/summer_img/earth.jpg`);
  assert.equal([summer.width, summer.height, summer.channels], [2048, 1024, 3]);
});

test('labels and photo lie on each other: water is darker and bluer than the land beside it', async () => {
  const { samples } = await openDataset(ROOT, options);
  for (const paths of samples) {
    const { labels, image } = await tile(paths);
    const sums = { land: [0, 0], water: [0, 0] };
    labels?.forEach((id, i) => {
      const sum = id > 2 ? sums.land : sums.water;
      sum[0] += (image?.[i] ?? 0) - (image?.[2 * labels.length + i] ?? 0); // red minus blue
      sum[1]++;
    });
    assert.ok(sums.land[0] / sums.land[1] > sums.water[0] / sums.water[1] + 0.05, paths.label);
  }
});

test.run();
