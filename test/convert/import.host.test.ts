// The reference's checkpoints come in by value, and what is not understood is refused by name.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writePth, writeSafetensors } from '../../src/formats/files.js';
import { decodeClusters } from '../../src/formats/npy.js';
import { stateDictOf } from '../../src/formats/pth-write.js';
import type { TensorToWrite } from '../../src/formats/safetensors.js';
import { openStateDict } from '../../src/formats/state-dict.js';
import { findCheckpointFile } from '../../src/generate/find.js';
import { sizeOf } from '../../src/graph/chunks.js';
import { globalGenerator } from '../../src/nets/generator.js';
import { type Manifest, readManifest } from '../../src/nets/manifest.js';
import type { Parameter } from '../../src/nets/parameters.js';
import { fixture, refuses, uniform, withFolder } from '../formats/support.js';
import { DISCRIMINATOR, ENCODER, GENERATOR, hashed, LOCAL } from '../nets/golden.js';
import { importing, optTxt, place, sameTensors, tensorsIn, withFolders } from './support.js';

const test = suite('import');

function manifestOf(path: string): Manifest {
  const { metadata, close } = openStateDict(path);
  close();
  return readManifest(metadata, path);
}

const GLOBAL = { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 };
const FIVE = { labelNc: 5 };

test('the generators of all fixtures, in either container, by value', () =>
  withFolders(async (folder, out) => {
    const files: [from: string, wanted: string, architecture: object, seed: number][] = [
      ['tiny_net_G_zip.pth', 'tiny_net_G_zip.pth', GLOBAL, 1],
      ['tiny_net_G_legacy.pth', 'tiny_net_G_zip.pth', GLOBAL, 1],
      ['tiny_net_G_pre04_runningstats_legacy.pth', 'tiny_net_G_zip.pth', GLOBAL, 1],
      ['tiny_local_net_G_zip.pth', 'tiny_local_net_G_zip.pth', { ...LOCAL, netG: 'local' }, 2],
    ];
    for (const [from, wanted, architecture, seed] of files) {
      const path = join(out, 'G.safetensors');
      const { paths } = await importing(join('test/formats/fixtures', from), path, FIVE);
      assert.equal(paths, [path]);
      sameTensors(path, tensorsIn(wanted));
      const manifest = manifestOf(path);
      assert.equal(manifest.generator, architecture);
      assert.equal(manifest.encoding, { labelNc: 5, inputNc: 3, noInstance: false });
      assert.is(manifest.classes.names.length, 5);
      const file = openStateDict(path);
      const last = [...file.shapes.keys()].at(-2)!;
      assert.is(file.read(last)[0], Math.fround(uniform(1000 * seed + file.shapes.size - 2, 0) * Math.sqrt(12) * 0.02));
      file.close();
    }
    assert.ok(folder);
  }));

test('a folder gives all its nets, and says what it took', () =>
  withFolders(async (folder, out) => {
    place(folder, {
      'latest_net_G.pth': 'tiny_net_G_pre04_runningstats_legacy.pth',
      'latest_net_D.pth': 'tiny_net_D_zip.pth',
    });
    optTxt(folder, { label_nc: 5, no_instance: 'False', netG: 'global' });
    const { paths, said } = await importing(folder, join(out, 'mine.safetensors'));
    assert.equal(
      paths.map((path) => basename(path)),
      ['mine.safetensors', 'mine.D.safetensors'],
    );
    sameTensors(paths[0]!, tensorsIn('tiny_net_G_zip.pth'));
    sameTensors(paths[1]!, tensorsIn('tiny_net_D_zip.pth'));
    assert.match(
      said,
      /^G: 20 tensors, 13,967 values of latest_net_G\.pth.*; not taken: 18 statistics without use \(model\.2\.running_mean/m,
    );
    assert.match(said, /^Input: 6 channels: 5 classes \+ edges \(by .*opt\.txt\)$/m);
    assert.match(said, /^D: 20 tensors, 23,802 values of latest_net_D\.pth/m);
    assert.equal(DISCRIMINATOR.numD, 2);
  }));

test('an encoder and its styles stand in the manifest', () =>
  withFolders(async (folder, out) => {
    place(folder, {
      '7_net_G.pth': 'tiny_net_G_zip.pth',
      '7_net_E.pth': 'tiny_net_E_zip.pth',
      'features_clustered_010.npy': 'features_clustered_010.npy',
    });
    const { paths, said } = await importing(folder, join(out, 'mine.safetensors'), { labelNc: 2 }, '7');
    sameTensors(join(out, 'mine.E.safetensors'), tensorsIn('tiny_net_E_zip.pth'));
    const { encoding, encoder, styles } = manifestOf(paths[0]!);
    assert.equal(encoding, { labelNc: 2, inputNc: 3, noInstance: false, features: { count: 3, by: 'instance' } });
    assert.equal(encoder, ENCODER);
    const clusters = decodeClusters(fixture('features_clustered_010.npy'));
    assert.equal(
      styles!.map(({ length }) => length),
      Array.from({ length: 27 }, (_, id) => clusters.get(id)?.rows ?? 0),
    );
    assert.equal(styles![26]!.flat(), [...clusters.get(26)!.data]);
    assert.match(said, /Styles: 16 of 3 classes/);
  }));

test('--out DIR becomes a checkpoint that commands find', () =>
  withFolders(async (folder, out) => {
    place(folder, { 'latest_net_G.pth': 'tiny_net_G_zip.pth', 'latest_net_D.pth': 'tiny_net_D_zip.pth' });
    const target = join(out, 'imported');
    assert.equal((await importing(folder, target, FIVE)).paths, [target]);
    assert.equal(readdirSync(target).sort(), ['D.safetensors', 'G.safetensors', 'manifest.json']);
    assert.is(await findCheckpointFile(target, 'G.safetensors'), join(target, 'G.safetensors'));
    await refuses(() => importing(folder, target, FIVE), 2, /imported: holds something already/);
  }));

// ---- other tensors than the fixtures'

const net = (options: object) => globalGenerator({ ...GENERATOR, ...options });
const tensorOf = (parameter: Parameter, index: number): TensorToWrite => {
  const data = hashed(1)(parameter, index) as Float32Array;
  return { name: parameter.name, dtype: 'F32', shape: [...parameter.shape], data };
};

/** Values that every one of these types holds. */
const DATA: Record<string, (n: number) => ArrayBufferView> = {
  F16: (n) => new Uint16Array(n).fill(0x3800),
  BF16: (n) => new Uint16Array(n).fill(0x3f00),
  F32: (n) => new Float32Array(n).fill(0.5),
  F64: (n) => new Float64Array(n).fill(0.5),
};

test('batch norm, data-parallel names and storages of every float type', () =>
  withFolders(async (folder, out) => {
    const { parameters } = net({ norm: 'batch' });
    const types = Object.keys(DATA) as ('F16' | 'BF16' | 'F32' | 'F64')[];
    const tensors = parameters.map(({ name, shape, role }, i): TensorToWrite => {
      const head = { name: `module.${name}`, shape: [...shape] };
      if (role === 'count') return { ...head, dtype: 'I64', data: BigInt64Array.of(123_456n) };
      return { ...head, dtype: types[i % 4]!, data: DATA[types[i % 4]!]!(sizeOf(shape)) };
    });
    await writePth(join(folder, 'latest_net_G.pth'), stateDictOf(tensors));
    const { paths } = await importing(folder, join(out, 'G.safetensors'), FIVE);
    assert.is(manifestOf(paths[0]!).generator.norm, 'batch');
    const file = openStateDict(paths[0]!);
    assert.equal(
      [...file.shapes.keys()],
      parameters.map(({ name }) => name),
    );
    for (const { name, role } of parameters)
      assert.ok(
        file.read(name).every((value) => value === (role === 'count' ? 123_456 : 0.5)),
        name,
      );
    file.close();
  }));

test('counts of batches that old files lack are 0, and told', () =>
  withFolders(async (folder, out) => {
    const { parameters } = net({ norm: 'batch' });
    const old = parameters.map(tensorOf).filter(({ name }) => !name.endsWith('tracked'));
    await writePth(join(folder, 'latest_net_G.pth'), stateDictOf(old));
    const { paths, said } = await importing(folder, join(out, 'G.safetensors'), FIVE);
    assert.match(said, /not in the file, now 0: 9 counts of batches \(model\.2\.num_batches_tracked/);
    const file = openStateDict(paths[0]!);
    assert.equal([...file.read('model.2.num_batches_tracked')], [0]);
    file.close();
  }));

test('safetensors in shards are imported too', () =>
  withFolders(async (folder, out) => {
    const tensors = net({}).parameters.map(tensorOf);
    const halves: [string, TensorToWrite[]][] = [
      ['one.safetensors', tensors.slice(0, 7)],
      ['two.safetensors', tensors.slice(7)],
    ];
    for (const [name, part] of halves) await writeSafetensors(join(folder, name), part);
    const map = halves.flatMap(([name, part]) => part.map((tensor) => [tensor.name, name]));
    writeFileSync(join(folder, 'G.safetensors.index.json'), JSON.stringify({ weight_map: Object.fromEntries(map) }));
    const { paths } = await importing(folder, join(out, 'G.safetensors'), FIVE);
    sameTensors(paths[0]!, tensorsIn('tiny_net_G_zip.pth'));
  }));

// ---- what the channels mean

/** A folder with a generator of so many input channels. */
const withGenerator = (inputNc: number, use: (folder: string, out: string) => Promise<void>) =>
  withFolders(async (folder, out) => {
    await writePth(join(folder, 'latest_net_G.pth'), stateDictOf(net({ inputNc }).parameters.map(tensorOf)));
    await use(folder, join(out, 'G.safetensors'));
  });

test('the reference’s default is assumed where it adds up, and told', () =>
  withGenerator(36, async (folder, out) => {
    const { paths, said } = await importing(folder, out);
    assert.match(said, /36 channels: 35 classes \+ edges \(assumed: the reference's default, which fits/);
    assert.equal(manifestOf(paths[0]!).encoding, { labelNc: 35, inputNc: 3, noInstance: false });
  }));

const MEANINGS: [channels: number, options: Record<string, string | number>, given: object, wanted: object][] = [
  [6, { label_nc: 6, no_instance: 'True' }, {}, { labelNc: 6, inputNc: 3, noInstance: true }],
  [6, { label_nc: 9 }, { labelNc: 6, noInstance: true }, { labelNc: 6, inputNc: 3, noInstance: true }],
  [3, { label_nc: 0, no_instance: 'True' }, {}, { labelNc: 0, inputNc: 3, noInstance: true }],
  [2, { label_nc: 0, input_nc: 1 }, {}, { labelNc: 0, inputNc: 1, noInstance: false }],
  [7, {}, { labelNc: 5, dontCare: 255 }, { labelNc: 5, inputNc: 3, noInstance: false, dontCare: 255 }],
  [
    9,
    { label_nc: 5, label_feat: 'True', feat_num: 3 },
    {},
    { labelNc: 5, inputNc: 3, noInstance: false, features: { count: 3, by: 'label' } },
  ],
  [
    8,
    {},
    { labelNc: 5, instanceFeat: true },
    { labelNc: 5, inputNc: 3, noInstance: false, features: { count: 2, by: 'instance' } },
  ],
];

test('options say what channels mean, those given before those of opt.txt', async () => {
  for (const [channels, options, given, wanted] of MEANINGS) {
    await withGenerator(channels, async (folder, out) => {
      if (Object.keys(options).length > 0) optTxt(folder, options);
      const { paths } = await importing(folder, out, given);
      assert.equal(manifestOf(paths[0]!).encoding, wanted);
    });
  }
});

const MISFITS: [channels: number, options: Record<string, string | number>, given: object, message: RegExp][] = [
  [
    39,
    {},
    {},
    /takes 39 channels, not 35 classes \+ edges \(assumed\)\. Say what they are.*--label-nc 38, or --label-nc 39 --no-instance$/,
  ],
  [4, {}, {}, /or --label-nc 0$/],
  [3, {}, {}, /or --label-nc 0 --no-instance$/],
  [36, {}, { labelNc: 36 }, /takes 36 channels, not 36 classes \+ edges \(as given\)/],
  [36, { label_nc: 35, instance_feat: 'True', feat_num: 3 }, {}, /not 35 classes \+ edges \+ 3 style channels \(by /],
  [6, {}, { labelNc: 5, instanceFeat: true }, /not 5 classes \+ edges \+ some style channels/],
  [6, { label_nc: 'many' }, {}, /opt\.txt: label_nc is "many", expected a whole number/],
];

test('channels that do not add up are refused with the options that would', async () => {
  for (const [channels, options, given, message] of MISFITS) {
    await withGenerator(channels, async (folder, out) => {
      if (Object.keys(options).length > 0) optTxt(folder, options);
      await refuses(() => importing(folder, out, given), 65, message);
      assert.equal(readdirSync(join(out, '..')), [], 'nothing is written');
    });
  }
});

// ---- refusals

/** The reference's generator with changed tensors. */
async function refusesTensors(change: (tensors: TensorToWrite[]) => TensorToWrite[], message: RegExp): Promise<void> {
  await withFolders(async (folder, out) => {
    await writePth(join(folder, 'latest_net_G.pth'), stateDictOf(change(net({}).parameters.map(tensorOf))));
    await refuses(() => importing(folder, join(out, 'G.safetensors'), FIVE), 65, message);
    assert.equal(readdirSync(out), []);
  });
}

test('a tensor too many, too few or of another shape is refused by name', async () => {
  const extra: TensorToWrite = { name: 'extra', dtype: 'F32', shape: [1], data: new Float32Array(1) };
  await refusesTensors((tensors) => [...tensors, extra], /latest_net_G\.pth: .*1 unknown \(extra\)/);
  await refusesTensors(
    (tensors) => tensors.filter(({ name }) => name !== 'model.7.bias'),
    /1 missing \(model\.7\.bias\)/,
  );
  await refusesTensors(
    (tensors) => tensors.map((t) => (t.name === 'model.7.bias' ? { ...extra, name: t.name } : t)),
    /model\.7\.bias \[1\], wanted \[16\]/,
  );
  await refusesTensors(
    (tensors) => [...tensors, { ...tensors[0]!, name: `module.${tensors[0]!.name}` }],
    /module\.model\.1\.weight and model\.1\.weight are the same tensor/,
  );
});

test('nets that do not belong together are refused', () =>
  withFolders(async (folder, out) => {
    const target = join(out, 'G.safetensors');
    place(folder, { 'latest_net_G.pth': 'tiny_net_G_zip.pth', 'latest_net_D.pth': 'tiny_net_E_zip.pth' });
    await refuses(() => importing(folder, target, FIVE), 65, /latest_net_D\.pth: no discriminator/);
    place(folder, { 'latest_net_D.pth': 'tiny_net_D_zip.pth' });
    await refuses(
      () => importing(folder, target, { labelNc: 2, instanceFeat: true }),
      65,
      /D\.pth: sees 9 channels, .* 6/,
    );
    place(folder, { 'latest_net_E.pth': 'tiny_net_G_zip.pth' });
    await refuses(() => importing(folder, target, FIVE), 65, /latest_net_E\.pth: no encoder/);
    place(folder, { 'latest_net_G.pth': 'tiny_net_D_zip.pth' });
    await refuses(() => importing(folder, target, FIVE), 65, /latest_net_G\.pth: no generator/);
    assert.equal(readdirSync(out), []);
  }));

test('styles of another width are refused, and without style channels not taken', () =>
  withFolders(async (folder, out) => {
    place(folder, {
      'latest_net_G.pth': 'tiny_net_G_zip.pth',
      'features_clustered_010.npy': 'features_clustered_010.npy',
    });
    const target = join(out, 'G.safetensors');
    const { said, paths } = await importing(folder, target, FIVE);
    assert.match(said, /features_clustered_010\.npy is not taken: the generator has no style channels/);
    assert.is(manifestOf(paths[0]!).styles, undefined);
    const narrow = importing(folder, target, { labelNc: 3, instanceFeat: true });
    await refuses(() => narrow, 65, /010\.npy: class 0 has vectors of 3 values, the net takes 2/);
  }));

test('a folder without the epoch names those it has', () =>
  withFolder(async (folder) => {
    mkdirSync(join(folder, 'run'));
    const from = join(folder, 'run');
    await refuses(() => importing(from, join(folder, 'G.safetensors')), 66, /run: holds no latest_net_G\.pth$/);
    place(from, { '10_net_G.pth': 'tiny_net_G_zip.pth', '20_net_G.pth': 'tiny_net_G_zip.pth' });
    await refuses(() => importing(from, join(folder, 'G.safetensors')), 66, /epochs 10, 20: give --which-epoch/);
    await refuses(() => importing(join(folder, 'none'), join(folder, 'G.safetensors')), 66, /none: no such file/);
    writeFileSync(join(from, 'opt.txt'), 'hello\n');
    await refuses(() => importing(from, join(folder, 'G.safetensors'), FIVE, '10'), 65, /opt\.txt: holds no options/);
  }));

test.run();
