// Exported generators in a runtime that is not ours, against the golden vectors and the engine.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '#runtime';
import type { Device } from '../../src/device/device.js';
import { compile, input, type Tensor } from '../../src/engine.js';
import { withFile, writeSafetensors } from '../../src/formats/files.js';
import { type OnnxModel, onnxParts } from '../../src/formats/onnx.js';
import { exportOnnx, type OnnxOptions } from '../../src/generate/export-onnx.js';
import { sizeOf } from '../../src/graph/chunks.js';
import { type GeneratorArchitecture, generatorNet } from '../../src/nets/architecture.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { type Manifest, manifestMetadata } from '../../src/nets/manifest.js';
import { createVariables, lookup, type Values } from '../../src/nets/parameters.js';
import golden from '../golden/pix2pixhd.json';
import { ENCODING, EXTENT, GENERATOR, hashed, LOCAL, matches, SAMPLE } from '../nets/golden.js';
import { uniform } from '../support/hash.js';
import { refuses, withFolder } from './support.js';

ort.env.wasm.numThreads = 1;

/** Both sides sum in float32, in orders of their own. */
const TOLERANCE = 1e-5;

const GLOBAL: GeneratorArchitecture = { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 };
const ENHANCED: GeneratorArchitecture = { ...LOCAL, netG: 'local' };

const manifestOf = (generator: GeneratorArchitecture): Manifest => ({
  format: 1,
  generator,
  encoding: ENCODING,
  classes: { names: ['sky', 'sea', 'land', 'ice', 'none'], palette: Array.from({ length: 5 }, () => [0, 0, 0]) },
  step: 7,
});

/** Of batch norm, scales that neither hide a channel nor turn its sign; all else as in the golden nets. */
const valuesOf =
  (seed: number): Values =>
  (parameter, index) => {
    const values = hashed(seed)(parameter, index) as Float32Array;
    return parameter.role === 'scale' ? values.map((v) => 1 + 10 * v) : values;
  };

/** Writes a generator as training does, exports it, and hands the bytes of the model to `use`. */
const exported = <T>(
  generator: GeneratorArchitecture,
  seed: number,
  options: OnnxOptions,
  use: (model: Uint8Array) => Promise<T>,
): Promise<T> =>
  withFolder(async (folder) => {
    const [from, to] = [join(folder, 'G.safetensors'), join(folder, 'G.onnx')];
    const tensors = generatorNet(generator).parameters.map((parameter, index) => ({
      name: parameter.name,
      dtype: 'F32' as const,
      shape: [...parameter.shape],
      data: valuesOf(seed)(parameter, index) as Float32Array,
    }));
    await writeSafetensors(from, tensors, manifestMetadata(manifestOf(generator)));
    const { bytes } = await withFile(from, (file) => exportOnnx(file, to, options));
    const model = new Uint8Array(readFileSync(to));
    assert.is(bytes, model.length);
    return use(model);
  });

async function withSession<T>(model: Uint8Array, use: (session: ort.InferenceSession) => Promise<T>): Promise<T> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

async function infer(session: ort.InferenceSession, x: Float32Array, shape: readonly number[]) {
  const { output } = await session.run({ input: new ort.Tensor('float32', x, shape) });
  return { shape: [...output!.dims], data: output!.data as Float32Array };
}

// ---- the engine's side

let device: Promise<Device> | undefined;
const test = suite('onnx');
test.after(async () => (await device)?.close());

async function engine(inputs: Record<string, Tensor>, y: Tensor, feeds: Record<string, Float32Array | Int32Array>) {
  device ??= openDevice();
  const program = await compile(await device, { inputs, outputs: { y } }, { precise: true });
  const got = await program.run(feeds);
  program.destroy();
  return got.y as Float32Array;
}

/** The golden sample as the generators see it. */
async function condition(): Promise<Float32Array> {
  const { inputs, condition: y } = encodeInput(ENCODING, EXTENT);
  return engine(inputs, y, { labels: SAMPLE.labels, instances: SAMPLE.instances });
}

async function painted(generator: GeneratorArchitecture, seed: number, data: Float32Array, shape: readonly number[]) {
  const net = generatorNet(generator);
  const x = input(shape);
  const y = net.forward(x, lookup(createVariables(net.parameters, valuesOf(seed))));
  return { shape: [...y.shape], data: await engine({ x }, y, { x: data }) };
}

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, v, i) => (Number.isFinite(v) ? Math.max(most, Math.abs(v - b[i]!)) : Infinity), 0);

// ---- values

const GOLDEN = [
  ['global', GLOBAL, 1, golden.float64.G_global],
  ['local', ENHANCED, 2, golden.float64.G_local],
] as const;

for (const [name, generator, seed, wanted] of GOLDEN) {
  test(`golden vectors: ${name}`, () =>
    exported(generator, seed, {}, (model) =>
      withSession(model, async (session) => {
        const { data, shape } = await infer(session, await condition(), [1, 6, 32, 48]);
        assert.equal(shape, wanted.shape);
        matches(name, data, wanted, TOLERANCE);
      }),
    ));
}

/** What a net can differ in, and inputs [N, height, width] for one and the same model. */
const CASES: [name: string, generator: GeneratorArchitecture, inputs: [number, number, number][]][] = [
  [
    'global, sizes that are rounded up, a batch',
    GLOBAL,
    [
      [1, 32, 48],
      [1, 50, 70],
      [3, 8, 16],
    ],
  ],
  [
    'one enhancer',
    ENHANCED,
    [
      [1, 32, 48],
      [2, 16, 24],
    ],
  ],
  [
    'two enhancers',
    { ...ENHANCED, ngf: 1, nLocalEnhancers: 2 },
    [
      [1, 64, 48],
      [1, 32, 80],
    ],
  ],
  ['nearest upsampling', { ...GLOBAL, upsample: 'nearest' }, [[1, 24, 32]]],
  ['mirrored borders', { ...GLOBAL, padding: 'reflect' }, [[1, 24, 32]]],
  [
    'both, with an enhancer',
    { ...ENHANCED, upsample: 'nearest', padding: 'reflect' },
    [
      [1, 24, 32],
      [2, 32, 16],
    ],
  ],
  [
    'batch norm over a batch',
    { ...GLOBAL, nDownsample: 1, nBlocks: 1, norm: 'batch' },
    [
      [1, 24, 32],
      [3, 16, 24],
    ],
  ],
  ['no halving, no blocks, grey', { ...GLOBAL, nDownsample: 0, nBlocks: 0, outputNc: 1 }, [[1, 11, 13]]],
];

for (const [name, generator, inputs] of CASES) {
  test(`the engine's pictures: ${name}`, () =>
    exported(generator, 9, {}, (model) =>
      withSession(model, async (session) => {
        for (const [n, height, width] of inputs) {
          const shape = [n, generator.inputNc, height, width];
          const x = Float32Array.from({ length: sizeOf(shape) }, (_, e) => 2 * uniform(31, e));
          const [got, wanted] = [await infer(session, x, shape), await painted(generator, 9, x, shape)];
          assert.equal(got.shape, wanted.shape);
          const apart = furthest(got.data, wanted.data);
          assert.ok(apart <= TOLERANCE, `${shape}: ${apart} apart`);
        }
      }),
    ));
}

// ---- the model

const shapesOf = ({ inputMetadata, outputMetadata }: ort.InferenceSession) =>
  [inputMetadata[0], outputMetadata[0]].map((value) => [value!.name, ...(value!.isTensor ? value!.shape : [])]);

test('names and sides of input and output, free or fixed', async () => {
  await exported(GLOBAL, 1, {}, (model) =>
    withSession(model, async (session) =>
      assert.equal(shapesOf(session), [
        ['input', 'batch', 6, 'height', 'width'],
        ['output', 'batch', 3, 'output_height', 'output_width'],
      ]),
    ),
  );
  await exported(GLOBAL, 1, { size: { width: 14, height: 9 } }, (model) =>
    withSession(model, async (session) => {
      assert.equal(shapesOf(session), [
        ['input', 'batch', 6, 9, 14],
        ['output', 'batch', 3, 12, 16],
      ]);
      const other = await infer(session, new Float32Array(6 * 16 * 16), [1, 6, 16, 16]).catch(String);
      assert.match(String(other), /Got invalid dimensions for input/);
    }),
  );
});

test('sizes that the net cannot take are refused', async () => {
  const size = { width: 36, height: 48 };
  await refuses(() => exported(ENHANCED, 2, { size }, async () => {}), 2, /\[1, 6, 48, 36\], wanted multiples of 8/);
  const small = { width: 4, height: 48 };
  await refuses(() => exported(GLOBAL, 2, { size: small }, async () => {}), 2, /wanted sides of at least 5 pixels/);
});

test('the file tells what it is, and holds no more than it uses', () =>
  exported(GLOBAL, 1, {}, async (model) => {
    const file = Buffer.from(model);
    assert.equal(JSON.parse(file.subarray(file.lastIndexOf('{"format"')).toString()), manifestOf(GLOBAL));
    assert.ok(file.includes('channels 0…4: one for each class of the metadata'), 'the channels');
    assert.ok(file.includes('; 5: 1 where the instance id differs'), 'the edges');
    assert.ok(file.includes('rounded up to multiples of 4'), 'the sides');
    assert.ok(file.includes('model.19.bias') && !file.includes('model.1.bias'), 'biases that a norm cancels');
  }));

// ---- the writer

const modelOf = (tensors: OnnxModel['tensors']): OnnxModel => ({
  ...{ name: 'm', doc: '', metadata: {}, nodes: [], inputs: [], outputs: [] },
  tensors,
});

test('a tensor is read when its turn comes', async () => {
  const reads: string[] = [];
  const tensor = (name: string) => ({
    name,
    dtype: 'F32' as const,
    shape: [300],
    data: () => {
      reads.push(name);
      return new Float32Array(300);
    },
  });
  const seen: string[] = [];
  for await (const { length } of onnxParts(modelOf([tensor('a'), tensor('b')])))
    if (length === 1200) seen.push(reads.join());
  assert.equal(seen, ['a', 'a,b']);
});

test('what protobuf cannot hold is refused before a tensor is read', async () => {
  const tensor = (name: string, side: number) => ({
    name,
    dtype: 'F32' as const,
    shape: [side, 1024],
    data: () => assert.unreachable('read') as never,
  });
  const begin = (...tensors: OnnxModel['tensors']) => onnxParts(modelOf(tensors)).next();
  await refuses(
    () => begin(tensor('small', 1), tensor('model.10.weight', 2 ** 19)),
    65,
    /2147\d+ bytes \(tensor model\.10\.weight \[524288, 1024\] alone 2147483648\).*Use safetensors/,
  );
  await refuses(() => begin(tensor('a', 2 ** 18), tensor('b', 2 ** 18)), 65, /alone 1073741824\)/);
  await begin(tensor('fits', 2 ** 18));
});

test.run();
