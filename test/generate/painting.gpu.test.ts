// What pages load to paint paints what the engine does: its elementwise ops follow others, and a generator's input is made in one pass.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as painting from '#painting';
import type { Device } from '../../src/device/device.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { loadEncoder } from '../../src/generate/encoder.js';
import { type GenerateInput, loadGenerator } from '../../src/generate/generator.js';
import type { GeneratorArchitecture } from '../../src/nets/architecture.js';
import { generatorChannels } from '../../src/nets/encode-input.js';
import type { Manifest } from '../../src/nets/manifest.js';
import { SAMPLE } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';
import { encoderFile, generatorFile, MANIFEST } from './make-styled.js';

const test = suite('painting as pages do');

const SIZE = { width: 45, height: 30 };
const { labels, instances, image } = SAMPLE;
const cut = <T extends Int32Array | Float32Array>(planes: T): T =>
  planes.filter((_, i) => i % 48 < SIZE.width && Math.floor(i / 48) % 32 < SIZE.height) as T;
const MAPS = { labels: cut(labels), instances: cut(instances), input: cut(image) };

interface Case {
  generator?: Partial<GeneratorArchitecture>;
  encoding?: Partial<Manifest['encoding']>;
  given: Omit<GenerateInput, 'size'>;
}

const LABELLED = { labels: MAPS.labels, instances: MAPS.instances };
const PLAIN = { features: undefined };
const LOCAL = { netG: 'local', ngf: 1, nLocalEnhancers: 2, nBlocksLocal: 1 } as const;
const CASES: Record<string, Case> = {
  'with styles': { given: { ...LABELLED, styles: { regions: { 2: [0.5, -0.25, 1] } } } },
  'labels and instances': { encoding: PLAIN, given: LABELLED },
  'labels alone': { encoding: { ...PLAIN, noInstance: true, dontCare: 5 }, given: { labels: MAPS.labels } },
  'a picture': { encoding: { ...PLAIN, labelNc: 0, noInstance: true }, given: { input: MAPS.input } },
  'a picture, instances and styles': {
    encoding: { labelNc: 0 },
    given: { input: MAPS.input, instances: MAPS.instances, styles: { regions: { 2: [0.5, -0.25, 1] } } },
  },
  'batch norm': { generator: { norm: 'batch' }, given: LABELLED },
  'repeated pixels and mirrored borders': { generator: { upsample: 'nearest', padding: 'reflect' }, given: LABELLED },
  'two enhancers': { generator: LOCAL, given: LABELLED },
  'an enhancer with batch norm and styles': {
    generator: { ...LOCAL, ngf: 2, nLocalEnhancers: 1, nBlocksLocal: 0, norm: 'batch' },
    given: LABELLED,
  },
};

function fileOf({ generator, encoding }: Case) {
  const all = { ...MANIFEST.encoding, ...encoding };
  const { tensors, metadata } = generatorFile({
    ...MANIFEST,
    generator: { ...MANIFEST.generator, ...generator, inputNc: generatorChannels(all) },
    encoding: all,
  });
  // Larger than at the start of a training, or pictures were all but grey.
  const larger = tensors.map((tensor) => ({ ...tensor, data: tensor.data.map((value) => 8 * value) }));
  return encodeSafetensors(larger, metadata);
}

async function paint(load: typeof loadGenerator, device: Device, each: Case): Promise<Float32Array> {
  const generator = await load(fileOf(each), { device, precise: true });
  const { data } = await generator.generate({ size: SIZE, ...each.given });
  generator.close();
  return data;
}

const furthest = (a: Float32Array, b: Float32Array) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);

for (const [name, each] of Object.entries(CASES)) {
  test(name, async () => {
    const device = await openTestDevice();
    const got = await paint(painting.loadGenerator, device, each);
    const wanted = await paint(loadGenerator, device, each);
    assert.ok(
      furthest(
        wanted,
        wanted.map(() => 0),
      ) > 0.3,
      'the picture is all but grey',
    );
    assert.ok(furthest(got, wanted) < 1e-5, `differs by ${furthest(got, wanted)}`);
    // Planes of 6 KiB: no two of them fit a binding.
    const limits = { ...device.limits, maxStorageBufferBindingSize: 8192, maxBufferSize: 16384 };
    assert.equal(await paint(painting.loadGenerator, { ...device, limits }, each), got);
  });
}

test('pictures of all sizes share pipelines', async () => {
  // Another object, so that nothing is compiled for it yet.
  const device = { ...(await openTestDevice()) };
  const { createComputePipelineAsync } = device.gpu;
  for (const generator of [{}, { norm: 'batch' }, LOCAL] as const) {
    const loaded = await painting.loadGenerator(fileOf({ generator, encoding: PLAIN, given: {} }), { device });
    let compiled = 0;
    device.gpu.createComputePipelineAsync = (descriptor) => {
      compiled++;
      return createComputePipelineAsync.call(device.gpu, descriptor);
    };
    const made: number[] = [];
    for (const [width, height] of [
      [48, 32],
      [33, 60],
      [64, 64],
    ] as const) {
      compiled = 0;
      await loaded.generate({ labels: new Uint8Array(width * height), size: { width, height } });
      made.push(compiled);
    }
    loaded.close();
    device.gpu.createComputePipelineAsync = createComputePipelineAsync;
    assert.ok(made[0]! > 0);
    assert.equal(made.slice(1), [0, 0]);
  }
});

test('an elementwise function of what no hook writes is refused, not lost', async () => {
  const x = painting.input([1, 3, 8, 8]);
  assert.throws(() => painting.relu(x), /follows input, wanted a convolution or a norm/);
});

test('styles of a photo', async () => {
  const device = await openTestDevice();
  const { tensors, metadata } = encoderFile();
  const encode = async (load: typeof loadEncoder) => {
    const encoder = await load(encodeSafetensors(tensors, metadata), { device, precise: true });
    const { vectors } = await encoder.encode({ size: SIZE, image: MAPS.input, ids: MAPS.instances });
    encoder.close();
    return Float32Array.from(vectors.flat());
  };
  const [got, wanted] = [await encode(painting.loadEncoder), await encode(loadEncoder)];
  assert.is(got.length, 3 * new Set(MAPS.instances).size);
  assert.ok(furthest(got, wanted) < 1e-5, `differs by ${furthest(got, wanted)}`);
});

test.run();
