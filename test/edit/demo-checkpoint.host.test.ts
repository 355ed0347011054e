// The checkpoint that ships: small, whole, and better than the mean colours of the classes on the half of the Earth that it
// never saw.

import { readFileSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exportBytes } from '../../src/convert/export.js';
import { openDataset } from '../../src/data/dataset.js';
import { toBytes } from '../../src/data/encode.js';
import { prepareSample } from '../../src/data/sample.js';
import { cutWindow } from '../../src/data/transform.js';
import { openDevice } from '../../src/device/node.js';
import { loadEncoder } from '../../src/generate/encoder.js';
import { loadGenerator } from '../../src/generate/generator.js';
import { toWidth, wholePictures } from '../../src/generate/whole.js';
import { psnr } from '../../src/metrics/pictures.js';
import { classMeans, meanL1, paintClassMeans } from '../../src/train/baseline.js';

const test = suite('demo checkpoint');

const FILE = 'examples/demo/earth.safetensors';
const EARTH = 'examples/earth';
/** The Americas at 1024 pixels around, as `pix2pixhd demo` has them. */
const WORLD_WIDTH = 1024;
const AMERICAS = { x: 0, y: 40, size: { width: 384, height: 384 }, flip: false };
const TILE_WIDTH = 128;

test('is small, and holds generator, encoder and styles', async () => {
  assert.ok(statSync(FILE).size < 3e6);
  // Read and written again it is the same file.
  assert.equal(Buffer.from(await exportBytes(FILE)), readFileSync(FILE));
});

test('paints the Americas closer to the photo than the mean colours of the classes do, in half floats alike', async () => {
  const device = await openDevice();
  const bytes = new Uint8Array(readFileSync(FILE));
  const generator = await loadGenerator(bytes, { device });
  const encoder = await loadEncoder(bytes, { device });
  const options = wholePictures(generator.manifest, toWidth(TILE_WIDTH));
  const whole = (role: string, suffix: string) => `${EARTH}/whole_${role}/earth.${suffix}`;
  const paths = {
    name: 'earth',
    label: whole('label', 'png'),
    instance: whole('inst', 'png'),
    image: whole('img', 'jpg'),
  };
  const { size: from, pictures } = await prepareSample(paths, { ...options, loadSize: WORLD_WIDTH });
  const window = { ...AMERICAS, from };
  const { size } = AMERICAS;
  const [labels, instances] = [cutWindow(pictures.labels!, window), cutWindow(pictures.instances!, window)];
  const photo = cutWindow(pictures.image!, window, 3);
  const area = size.width * size.height;
  const image = Float32Array.from(
    { length: 3 * area },
    (_, i) => photo[(i % area) * 3 + Math.floor(i / area)]! / 127.5 - 1,
  );
  const { ids, vectors } = await encoder.encode({ size, image, ids: instances });
  const regions = Object.fromEntries(ids.map((id, i) => [id, vectors[i]!]));
  const given = { size, labels, instances, styles: { regions } };
  const painted = toBytes((await generator.generate(given)).data);
  const half = await loadGenerator(bytes, { device, precision: 'f16' });
  const likeness = psnr(toBytes((await half.generate(given)).data), painted);
  device.close();
  console.log(`    in half floats ${likeness.toFixed(1)} dB from that`);
  assert.ok(likeness >= 40, `${likeness} dB`);
  assert.ok(likeness < 100, 'nothing was rounded');
  const dataset = await openDataset(EARTH, {
    ...options,
    phase: 'train',
    images: true,
    batchSize: 1,
    serialBatches: true,
    maxDatasetSize: Number.POSITIVE_INFINITY,
    cacheBytes: 0,
    loadFeatures: false,
    noInstance: false,
  });
  const flat = paintClassMeans(labels, await classMeans(dataset, generator.manifest.classes.names.length));
  const [ours, means] = [meanL1(painted, photo), meanL1(flat, photo)];
  console.log(`    mean error ${ours.toFixed(2)} of 255 levels; class means ${means.toFixed(2)}`);
  assert.ok(ours < means);
});

test.run();
