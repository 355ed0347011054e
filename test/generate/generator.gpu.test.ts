// A trained generator from its one file: any size, checked inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultClasses } from '../../src/data/colours.js';
import { compile } from '../../src/engine.js';
import { ProjectError } from '../../src/errors.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { type Generator, loadGenerator } from '../../src/generate/generator.js';
import { stateOf } from '../../src/graph/storage.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { globalGenerator } from '../../src/nets/generator.js';
import { type Manifest, manifestMetadata } from '../../src/nets/manifest.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import { ENCODING, GENERATOR, hashed, SAMPLE } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';

const test = suite('generator from a file');

const MANIFEST: Manifest = {
  format: 1,
  generator: { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 },
  encoding: ENCODING,
  classes: { ...defaultClasses(5), palette: [] },
  step: 1,
};

const net = globalGenerator(GENERATOR);
const tensors = net.parameters.map((p, i) => ({
  name: p.name,
  dtype: 'F32' as const,
  shape: [...p.shape],
  data: hashed(1)(p, i) as Float32Array,
}));
const file = (metadata: Record<string, string> = manifestMetadata(MANIFEST)) => encodeSafetensors(tensors, metadata);

const load = async (): Promise<Generator> => loadGenerator(file(), { device: await openTestDevice(), precise: true });

const SIZE = { width: 48, height: 32 };
const { labels, instances } = SAMPLE;

async function refused(what: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await what().then(
    () => undefined,
    (e: Error) => e,
  );
  assert.instance(error, ProjectError, `not refused: ${pattern}`);
  assert.match(error!.message, pattern);
}

test('it paints what the net with those weights paints', async () => {
  const device = await openTestDevice();
  const generator = await load();
  const got = await generator.generate({ labels, instances, size: SIZE });
  const { inputs, condition } = encodeInput(ENCODING, [1, 32, 48]);
  const variables = createVariables(net.parameters, hashed(1));
  const y0 = net.forward(condition, lookup(variables));
  const program = await compile(device, { inputs, outputs: { y: y0 } }, { precise: true });
  const { y } = await program.run({ labels, instances });
  program.destroy();
  assert.equal(got.data, y);
  generator.close();
});

/** The top left `width` × `height` of the sample's maps. */
const cut = (ids: Int32Array, width: number, height: number) =>
  Int32Array.from({ length: width * height }, (_, i) => ids[Math.floor(i / width) * 48 + (i % width)]!);

test('sides that are no multiple are padded by their border and cut back', async () => {
  const generator = await load();
  const [width, height] = [45, 30];
  const odd = { labels: cut(labels, width, height), instances: cut(instances, width, height), size: { width, height } };
  const got = await generator.generate(odd);
  assert.equal([got.width, got.height, got.data.length], [width, height, 3 * width * height]);
  const padded = (ids: Int32Array) =>
    Int32Array.from(
      { length: 48 * 32 },
      (_, i) => ids[Math.min(Math.floor(i / 48), height - 1) * width + Math.min(i % 48, width - 1)]!,
    );
  const whole = await generator.generate({ labels: padded(odd.labels), instances: padded(odd.instances), size: SIZE });
  got.data.forEach((v, i) => {
    const [c, y, x] = [Math.floor(i / (width * height)), Math.floor(i / width) % height, i % width];
    assert.is(v, whole.data[(c * 32 + y) * 48 + x]);
  });
  for (const [w, h] of [
    [1, 1],
    [3, 40],
    [5, 4],
  ] as const) {
    const small = await generator.generate({ labels: new Uint8Array(w * h), size: { width: w, height: h } });
    assert.ok(small.data.length === 3 * w * h && small.data.every(Number.isFinite), `${w}×${h}`);
  }
  generator.close();
});

test('five sizes share pipelines and memory, and all of it goes', async () => {
  const device = await openTestDevice();
  const before = device.memory().liveBytes;
  const generator = await load();
  const paint = (width: number, height: number) =>
    generator.generate({ labels: new Uint8Array(width * height), size: { width, height } });
  // Norms have a kernel for planes of whole vec4 and one for others, as deep in the second picture.
  await paint(48, 32);
  await paint(33, 60);
  const { size } = stateOf(device).pipelines;
  await paint(96, 64);
  const most = device.memory().liveBytes;
  for (const [w, h] of [
    [20, 24],
    [41, 28],
    [64, 64],
  ] as const)
    await paint(w, h);
  assert.is(stateOf(device).pipelines.size, size);
  assert.ok(device.memory().liveBytes - most < 3 * 32 * 1024, 'only uniforms may be new');
  generator.close();
  await new Promise((done) => setTimeout(done, 10));
  assert.is(device.memory().liveBytes, before);
});

test('wrong inputs are refused by name', async () => {
  const generator = await load();
  const wrong = labels.slice();
  wrong[50] = 5;
  await refused(() => generator.generate({ size: SIZE }), /labels: got nothing, wanted as many ids .* 48 × 32/);
  await refused(
    () => generator.generate({ size: SIZE, labels: wrong }),
    /labels: got 5 at x=2 y=1, wanted 0…4\. The net was trained on 5/,
  );
  await refused(() => generator.generate({ size: SIZE, labels, instances: labels.slice(1) }), /instances: got 1535/);
  generator.close();
});

test('files that are no generator are refused', async () => {
  const device = await openTestDevice();
  await refused(() => loadGenerator(file({}), { device }), /says nothing about its architecture/);
  await refused(() => loadGenerator(file({ pix2pixhd: '{"format":1}' }), { device }), /manifest is not understood/);
  const other = { ...MANIFEST, generator: { ...MANIFEST.generator, ngf: 8 } };
  await refused(() => loadGenerator(file(manifestMetadata(other)), { device }), /tensors do not fit the net/);
  await refused(() => loadGenerator(new Uint8Array(4), { device }), /not a valid safetensors file/);
});

test.run();
