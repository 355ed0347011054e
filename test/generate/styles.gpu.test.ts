// Nets with style channels from their files: the encoder's regions and what the generator paints of them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, concat, input } from '../../src/engine.js';
import { ProjectError } from '../../src/errors.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { loadEncoder } from '../../src/generate/encoder.js';
import { type GenerateInput, loadGenerator } from '../../src/generate/generator.js';
import { generatorNet } from '../../src/nets/architecture.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import type { Manifest } from '../../src/nets/manifest.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import golden from '../golden/pix2pixhd.json';
import { ENCODER, ENCODING, hashed, matches, REGIONS, SAMPLE } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';
import { encoderFile, generatorFile, MANIFEST } from './make-styled.js';

const test = suite('styles: from photo to picture');

const SIZE = { width: 48, height: 32 };
const PIXELS = 48 * 32;

const bytes = ({ tensors, metadata }: ReturnType<typeof generatorFile>) => encodeSafetensors(tensors, metadata);

const generatorOf = async (change: Partial<Manifest> = {}) => {
  const manifest = { ...MANIFEST, ...change };
  return loadGenerator(bytes(generatorFile(manifest)), {
    device: await openTestDevice(),
    precise: true,
  });
};
const encoderOf = async (manifest = MANIFEST) =>
  loadEncoder(bytes(encoderFile(manifest)), { device: await openTestDevice(), precise: true });

const { labels, instances, image } = SAMPLE;

/** What `vectors` say of the golden sample's regions, pixel by pixel. */
const painted = (vectors: readonly (readonly number[])[]) =>
  Float32Array.from({ length: 3 * PIXELS }, (_, i) => vectors[REGIONS.ids[i % PIXELS]!]![Math.floor(i / PIXELS)]!);

async function encodeGolden() {
  const encoder = await encoderOf();
  const encoded = await encoder.encode({ size: SIZE, image, ids: instances });
  encoder.close();
  return encoded;
}

async function paint(styles: GenerateInput['styles'], change: Partial<Manifest> = {}) {
  const generator = await generatorOf(change);
  const { data } = await generator.generate({ labels, instances, size: SIZE, styles });
  generator.close();
  return data;
}

/** The net on conditioning and features put together by hand. */
async function paintDirectly(features: Float32Array) {
  const net = generatorNet(MANIFEST.generator);
  const { inputs, condition } = encodeInput(MANIFEST.encoding, [1, 32, 48]);
  const styles = input([1, 3, 32, 48]);
  const y = net.forward(concat([condition, styles], 1), lookup(createVariables(net.parameters, hashed(1))));
  const program = await compile(
    await openTestDevice(),
    { inputs: { ...inputs, styles }, outputs: { y } },
    { precise: true },
  );
  const got = await program.run({ labels, instances, styles: features });
  program.destroy();
  return got.y!;
}

test('one vector a region, and together the golden map', async () => {
  const { ids, counts, regions, vectors } = await encodeGolden();
  assert.equal(
    ids,
    [...new Set(instances)].sort((a, b) => a - b),
  );
  assert.equal([...regions], [...REGIONS.ids]);
  assert.is(
    counts.reduce((a, b) => a + b),
    PIXELS,
  );
  matches('encoder', painted(vectors), golden.float64.E, 1e-5);
});

test('a photo’s styles by region, as planes or joined by hand: one picture', async () => {
  const { ids, vectors } = await encodeGolden();
  const want = await paintDirectly(painted(vectors));
  const byRegion = { regions: Object.fromEntries(ids.map((id, region) => [id, vectors[region]!])) };
  assert.equal(await paint(byRegion), want);
  assert.equal(await paint(painted(vectors)), want);
  assert.not.equal(await paint({}), want, 'styles matter');
  assert.equal(await paint({}), await paintDirectly(new Float32Array(3 * PIXELS)), 'zeros where nothing is said');
});

test('the same seed, the same bytes; another seed, another picture', async () => {
  const styles = Array.from({ length: 5 }, (_, c) => Array.from({ length: 6 }, (_, k) => [c / 5, k / 6, -k / 6]));
  assert.equal(await paint({ seed: 8 }, { styles }), await paint({ seed: 8 }, { styles }));
  assert.not.equal(await paint({ seed: 8 }, { styles }), await paint({ seed: 9 }, { styles }));
  assert.equal(await paint(undefined, { styles }), await paint({ seed: 1 }, { styles }));
});

test('styles by label: one a class, whatever the instances', async () => {
  const encoding: Manifest['encoding'] = { ...ENCODING, features: { count: 3, by: 'label' } };
  const vectors = [0, 1, 2, 3, 4].map((label) => [label / 5, -label / 5, 0.5]);
  const byLabel = Object.fromEntries(vectors.entries());
  const want = Float32Array.from(
    { length: 3 * PIXELS },
    (_, i) => vectors[labels[i % PIXELS]!]![Math.floor(i / PIXELS)]!,
  );
  assert.equal(await paint({ regions: byLabel }, { encoding }), await paintDirectly(want));
  assert.equal(await paint({ classes: byLabel }, { encoding }), await paintDirectly(want));
});

test('photos whose sides are no multiple, and one pixel alone', async () => {
  const encoder = await encoderOf();
  for (const [width, height] of [
    [1, 1],
    [5, 3],
    [47, 33],
  ] as const) {
    const ids = Int32Array.from({ length: width * height }, (_, i) => 40 * (i % 3));
    const photo = Float32Array.from({ length: 3 * width * height }, (_, i) => Math.sin(i));
    const { ids: found, vectors } = await encoder.encode({ size: { width, height }, image: photo, ids });
    assert.equal(found, [0, 40, 80].slice(0, width * height));
    assert.ok(
      vectors.flat().every((v) => Math.abs(v) <= 1),
      `${width}×${height}`,
    );
  }
  encoder.close();
});

test('few regions and many, and all memory goes', async () => {
  const device = await openTestDevice();
  const before = device.memory().liveBytes;
  const encoder = await encoderOf();
  const few = await encoder.encode({ size: SIZE, image, ids: Int32Array.from(labels, (l) => (l < 2 ? 1 : 2)) });
  const many = await encoder.encode({ size: SIZE, image, ids: Int32Array.from(labels, (_, i) => i % 100) });
  assert.equal([few.vectors.length, many.vectors.length], [2, 100]);
  encoder.close();
  await new Promise((done) => setTimeout(done, 10));
  assert.is(device.memory().liveBytes, before);
});

async function refused(what: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await what().then(
    () => undefined,
    (e: Error) => e,
  );
  assert.instance(error, ProjectError, `not refused: ${pattern}`);
  assert.match(error!.message, pattern);
}

test('told: styles for a net without, an encoder that is none, a photo of another size', async () => {
  const plain = { encoding: ENCODING, generator: { ...MANIFEST.generator, inputNc: 6 } };
  await refused(() => paint({ seed: 1 }, plain), /styles: the net was trained without any/);
  await refused(() => encoderOf({ ...MANIFEST, encoder: undefined }), /says of no encoder how it is built/);
  await refused(() => encoderOf({ ...MANIFEST, encoder: { ...ENCODER, nef: 4 } }), /tensors do not fit the net/);
  const encoder = await encoderOf();
  await refused(
    () => encoder.encode({ size: SIZE, image: image.subarray(1), ids: instances }),
    /got a photo of 4607 values and 1536 ids, wanted \[3, 32, 48\] and \[32, 48\]/,
  );
  encoder.close();
});

test.run();
