// The checkpoint around the styles: what is rewritten, what stays, and what feature files of the reference hold.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFeatures } from '../../src/encode/features-file.js';
import { scalingOfRun } from '../../src/encode/regions.js';
import { storeStyles } from '../../src/encode/store.js';
import { openFile, withFile, writeSafetensors } from '../../src/formats/files.js';
import { openSafetensors, parseSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { findCheckpointFile } from '../../src/generate/find.js';
import { findEncoder } from '../../src/generate/parts.js';
import { readStyleFile } from '../../src/generate/style-file.js';
import { readManifest } from '../../src/nets/manifest.js';
import { refuses, withFolder } from '../formats/support.js';
import { MANIFEST } from '../generate/make-styled.js';
import { makeRun } from './make-run.js';

const test = suite('styles in files');

const STYLES = [[], [[0.1, 0.2, 0.3]], [], [], []];
const weights = (bytes: Uint8Array) => {
  const { tensors } = parseSafetensors(bytes);
  return bytes.subarray(Math.min(...[...tensors.values()].map(({ begin }) => begin)));
};

test('the manifest gets the styles, weights and other metadata stay, the checkpoint is still whole', () =>
  withFolder(async (folder) => {
    const path = await makeRun(join(folder, 'run'), { metadata: { note: 'mine' } });
    const before = readFileSync(path);
    await storeStyles(path, STYLES);
    await withFile(path, (file) => {
      const { metadata } = openSafetensors(file);
      assert.equal(readManifest(metadata, path), { ...MANIFEST, styles: STYLES });
      assert.is(metadata.get('note'), 'mine');
    });
    assert.equal(weights(readFileSync(path)), weights(before));
    assert.is(await findCheckpointFile(join(folder, 'run'), 'G.safetensors', assert.unreachable), path);
    await storeStyles(path, []);
    assert.is(
      await findCheckpointFile(join(folder, 'run'), 'G.safetensors', assert.unreachable),
      path,
      'and once more',
    );
    const names = readdirSync(join(path, '..')).sort();
    assert.equal(names, ['E.safetensors', 'G.safetensors', 'manifest.json'], 'no temporary file is left');
  }));

test('a file outside a checkpoint', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'G.safetensors');
    await writeSafetensors(path, [{ name: 'w', dtype: 'F16', shape: [2], data: Uint16Array.of(1, 2) }], {
      pix2pixhd: JSON.stringify(MANIFEST),
    });
    await storeStyles(path, STYLES);
    const file = openFile(path);
    assert.equal(readTensor(openSafetensors(file), 'w').data, Uint16Array.of(1, 2));
    file.close();
    assert.equal(readdirSync(folder), ['G.safetensors']);
    await refuses(() => findEncoder(path), 66, /E\.safetensors: there is no encoder\. Give --encoder FILE/);
  }));

test('an encoder is held to its checkpoint’s manifest', () =>
  withFolder(async (folder) => {
    const path = await makeRun(join(folder, 'run'));
    const encoder = join(path, '..', 'E.safetensors');
    assert.is(await findEncoder(path), encoder);
    writeFileSync(encoder, 'x');
    await refuses(() => findEncoder(path), 65, /SHA-256 differs/);
  }));

test('pictures are scaled as the run’s config.json says', () =>
  withFolder(async (folder) => {
    const path = await makeRun(join(folder, 'run'), { config: { resizeOrCrop: 'scale_width', loadSize: 6, lr: 1 } });
    assert.equal(await scalingOfRun(path), { resizeOrCrop: 'scale_width', loadSize: 6 });
    writeFileSync(join(folder, 'run', 'config.json'), '{}');
    await refuses(
      () => scalingOfRun(path),
      65,
      /config\.json: does not say how pictures are scaled.*Give --scale WIDTH/s,
    );
    assert.is(await scalingOfRun(join(folder, 'run', 'elsewhere', 'deep', 'G.safetensors')), undefined);
  }));

const CLUSTERED = 'test/formats/fixtures/features_clustered_010.npy';
const wide = (labelNc: number, count = 3) => ({
  ...MANIFEST,
  encoding: { ...MANIFEST.encoding, labelNc, features: { count, by: 'instance' as const } },
});

test('the reference’s cluster file: centres by class', async () => {
  const { centres } = await readFeatures(CLUSTERED, wide(35));
  assert.is(centres!.length, 35);
  assert.equal(
    centres!.flatMap((rows, number) => (rows.length > 0 ? [[number, rows.length]] : [])),
    [
      [0, 2],
      [3, 4],
      [26, 10],
    ],
  );
  assert.is((await readFeatures(CLUSTERED, wide(0))).centres!.length, 27);
  await refuses(() => readFeatures(CLUSTERED, MANIFEST), 65, /has styles of class 26, the net has classes 0…4/);
  await refuses(() => readFeatures(CLUSTERED, wide(35, 4)), 65, /rows of 3 values, wanted 4 \(clustered\) or 5/);
  await refuses(() => readFeatures(join('test', 'none.npy'), MANIFEST), 66, /no such file/);
});

test('one column more is every region’s share', async () => {
  const { regions, centres } = await readFeatures(CLUSTERED, wide(35, 2));
  const clustered = (await readFeatures(CLUSTERED, wide(35))).centres!;
  assert.is(centres, undefined);
  assert.is(regions!.length, 16);
  const [x, y, share] = clustered[3]![0]!;
  assert.equal(
    regions!.find((region) => region.class === 3),
    { class: 3, ratio: share, vector: [x, y] },
  );
});

test('a file of chosen styles; anything else is refused by name', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'styles.json');
    const choice = { classes: { sky: 2 }, regions: { 26001: [0.5, 0, -1] } };
    writeFileSync(file, JSON.stringify(choice));
    assert.equal(await readStyleFile(file), choice);
    for (const text of ['{"sky": 2}', '{"classes": {"sky": -1}}', '{"regions": {"1": "x"}}', '{']) {
      writeFileSync(file, text);
      await refuses(() => readStyleFile(file), 65, /styles\.json: is no choice of styles: .*Expected \{ "classes"/s);
    }
    await refuses(() => readStyleFile(join(folder, 'no.json')), 66, /no such file/);
  }));

test.run();
