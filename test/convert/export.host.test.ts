// Round trips: what is imported, exported and imported again is the same to the last bit.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseReferenceOptions } from '../../src/convert/reference-options.js';
import { withFile, writeSafetensors } from '../../src/formats/files.js';
import { readPth } from '../../src/formats/pth.js';
import { openStateDict } from '../../src/formats/state-dict.js';
import { readTorchAdam } from '../../src/formats/torch-adam.js';
import { sizeOf } from '../../src/graph/chunks.js';
import { globalGenerator } from '../../src/nets/generator.js';
import { type Manifest, manifestMetadata, readManifest } from '../../src/nets/manifest.js';
import type { Parameter } from '../../src/nets/parameters.js';
import { refuses, uniform } from '../formats/support.js';
import { GENERATOR, hashed, tinyEncoder, tinyGenerator } from '../nets/golden.js';
import { exporting, importing, optTxt, place, sameTensors, tensorsIn, withFolders } from './support.js';

const test = suite('export');

const [G, D, E] = ['G', 'D', 'E'].map((net) => `latest_net_${net}.pth`) as [string, string, string];
const STYLES = 'features_clustered_010.npy';
const SETS: [name: string, files: Record<string, string>, options: Record<string, string | number>][] = [
  ['global', { [D]: 'tiny_net_D_zip.pth', [G]: 'tiny_net_G_zip.pth' }, { label_nc: 5 }],
  ['local', { [D]: 'tiny_net_D_zip.pth', [G]: 'tiny_local_net_G_zip.pth' }, { label_nc: 5 }],
  [
    'with encoder and styles',
    { [STYLES]: STYLES, [E]: 'tiny_net_E_zip.pth', [G]: 'tiny_net_G_legacy.pth' },
    { label_nc: 2, instance_feat: 'True' },
  ],
];

for (const [name, files, options] of SETS) {
  test(`import → export → import gives the same bits: ${name}`, () =>
    withFolders(async (from, to) => {
      place(from, files);
      optTxt(from, options);
      const first = await importing(from, join(to, 'first'));
      const reference = join(to, 'reference');
      const { paths } = await exporting(first.paths[0]!, reference);
      const exported = [...Object.keys(files), 'opt.txt'].map((file) => join(reference, file));
      assert.equal(paths, exported);
      for (const [file, fixture] of Object.entries(files).filter(([file]) => file.endsWith('.pth')))
        sameTensors(join(reference, file), tensorsIn(fixture));
      await importing(reference, join(to, 'second'));
      const written = readdirSync(join(to, 'first'));
      assert.equal(readdirSync(join(to, 'second')), written);
      for (const file of written)
        assert.ok(readFileSync(join(to, 'second', file)).equals(readFileSync(join(to, 'first', file))), file);
    }));
}

// ---- Adam

const MANIFEST: Manifest = {
  format: 1,
  generator: { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 },
  encoding: { labelNc: 2, inputNc: 3, noInstance: false, features: { count: 3, by: 'instance' } },
  encoder: { outputNc: 3, featNum: 3, nef: 2, nDownsampleE: 2, norm: 'instance' },
  classes: { names: ['a', 'b'], palette: [] },
  step: 30,
};

const NETS = { G: tinyGenerator(), E: tinyEncoder() };
const hash = (tensor: number, { shape }: Parameter) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, e) => Math.abs(uniform(tensor, e)));
const tensor = (name: string, { shape }: Parameter, data: Float32Array) => ({
  name,
  dtype: 'F32' as const,
  shape: [...shape],
  data,
});

/** A checkpoint with G, E and the moments of what is trained in them. */
async function writeTrained(folder: string, manifest = MANIFEST): Promise<void> {
  const metadata = manifestMetadata(manifest);
  const moments = Object.entries(NETS).flatMap(([net, { parameters }], n) =>
    parameters.flatMap((p, i) =>
      p.trained
        ? [
            tensor(`${net}.${p.name}.exp_avg`, p, hash(5000 * n + 2 * i, p)),
            tensor(`${net}.${p.name}.exp_avg_sq`, p, hash(5000 * n + 2 * i + 1, p)),
          ]
        : [],
    ),
  );
  for (const [net, { parameters }] of Object.entries(NETS)) {
    const tensors = parameters.map((p, i) => tensor(p.name, p, hashed(net === 'G' ? 1 : 4)(p, i) as Float32Array));
    await writeSafetensors(join(folder, `${net}.safetensors`), tensors, metadata);
  }
  const state = JSON.stringify({ step: 0, cursor: { seed: 1, epoch: 1, position: 0 }, adam: { G: 30, D: 0 } });
  await writeSafetensors(join(folder, 'optimizer.safetensors'), moments, { state });
}

test('Adam goes out as torch’s and comes back to the last bit', () =>
  withFolders(async (from, to) => {
    await writeTrained(from);
    await exporting(join(from, 'G.safetensors'), join(to, 'reference'));
    assert.ok(existsSync(join(to, 'reference', 'latest_optim_G.pth')));
    assert.not.ok(existsSync(join(to, 'reference', 'latest_optim_D.pth')));
    const { said } = await importing(join(to, 'reference'), join(to, 'back'));
    assert.match(said, /^Adam: 18 pairs of moments at step 30 of latest_optim_G\.pth; not taken: those of 14 biases/m);
    const back = openStateDict(join(to, 'back', 'optimizer.safetensors'));
    const mine = openStateDict(join(from, 'optimizer.safetensors'));
    assert.equal([...back.shapes], [...mine.shapes]);
    for (const name of mine.shapes.keys()) assert.equal(back.read(name), mine.read(name), name);
    assert.equal(JSON.parse(back.metadata.get('state')!).adam, { G: 30, D: 0 });
    for (const file of [back, mine]) file.close();
  }));

test('torch’s Adam numbers the parameters of G and then of E, without gaps', () =>
  withFolders(async (from, to) => {
    await writeTrained(from);
    await exporting(join(from, 'G.safetensors'), join(to, 'reference'));
    const all = [...NETS.G.parameters, ...NETS.E.parameters].map((p, i) => ({ ...p, name: `${i}` }));
    await withFile(join(to, 'reference', 'latest_optim_G.pth'), (file) => {
      const { moments } = readTorchAdam(file, all);
      assert.equal(
        [...moments.keys()],
        all.map(({ name }) => name),
      );
      assert.ok(
        moments
          .get('1')!
          .m()
          .every((value) => value === 0),
        'a bias that a norm cancels',
      );
      assert.equal(moments.get('20')!.v(), hash(5001, NETS.E.parameters[0]!));
    });
  }));

test('the rates are those of the run, where the checkpoint is still in it', () =>
  withFolders(async (from, to) => {
    const folder = join(from, 'checkpoints', 'step-30');
    mkdirSync(folder, { recursive: true });
    await writeTrained(folder);
    writeFileSync(join(from, 'config.json'), '{"lr":0.001,"beta1":0.25}');
    await exporting(join(folder, 'G.safetensors'), join(to, 'run'));
    const bytes = readFileSync(join(to, 'run', 'latest_optim_G.pth'));
    const has = (value: number) => {
      const float = Buffer.alloc(9, 0x47);
      float.writeDoubleBE(value, 1);
      return bytes.includes(float);
    };
    assert.equal([0.001, 0.25, 0.999, 1e-8, 2e-4].map(has), [true, true, true, true, false]);
  }));

// ---- other forms

test('batch norm counts in int64, in the order of torch', () =>
  withFolders(async (from, to) => {
    const { parameters } = globalGenerator({ ...GENERATOR, norm: 'batch' });
    const generator = { ...MANIFEST.generator, norm: 'batch' as const };
    const encoding = { labelNc: 5, inputNc: 3, noInstance: false };
    const tensors = parameters.map((p, i) =>
      tensor(
        p.name,
        p,
        hash(i, p).map((v) => (p.role === 'count' ? 77 : v)),
      ),
    );
    const metadata = manifestMetadata({ ...MANIFEST, generator, encoding, encoder: undefined });
    await writeSafetensors(join(from, 'mine.safetensors'), tensors, metadata);
    await exporting(join(from, 'mine.safetensors'), join(to, 'reference'));
    await withFile(join(to, 'reference', 'latest_net_G.pth'), (file) => {
      const read = readPth(file);
      assert.equal(
        [...read.keys()],
        parameters.map(({ name }) => name),
      );
      assert.equal(read.get('model.2.num_batches_tracked'), { dtype: 'I64', shape: [], data: BigInt64Array.of(77n) });
    });
    await importing(join(to, 'reference'), join(to, 'back.safetensors'));
    const back = openStateDict(join(to, 'back.safetensors'));
    for (const { name, data } of tensors) assert.equal(back.read(name), data, name);
    back.close();
  }));

test('a safetensors file has everything in it, in f16 at half the size', () =>
  withFolders(async (from, to) => {
    await writeTrained(from);
    const run = join(from, 'G.safetensors');
    const [whole, half] = [join(to, 'whole.safetensors'), join(to, 'half.safetensors')];
    await exporting(run, whole, 'safetensors');
    const [all, G, E] = [whole, run, join(from, 'E.safetensors')].map(openStateDict);
    for (const name of G!.shapes.keys()) assert.equal(all!.read(name), G!.read(name), name);
    for (const name of E!.shapes.keys()) assert.equal(all!.read(`encoder.${name}`), E!.read(name), name);
    assert.is(all!.shapes.size, G!.shapes.size + E!.shapes.size, 'and nothing else');
    for (const file of [all, G, E]) file!.close();
    await exporting(whole, join(to, 'again.safetensors'), 'safetensors');
    assert.ok(readFileSync(join(to, 'again.safetensors')).equals(readFileSync(whole)), 'the same bytes');
    await exporting(run, half, 'safetensors', 'f16');
    const [a, b] = [openStateDict(whole), openStateDict(half)];
    assert.equal(readManifest(b.metadata, half), MANIFEST);
    for (const name of a.shapes.keys()) {
      const wanted = a.read(name);
      b.read(name).forEach((value, i) => {
        const bound = Math.max(Math.abs(wanted[i]!) * 2 ** -11, 2 ** -25);
        assert.ok(Math.abs(value - wanted[i]!) <= bound, `${name}: ${value} for ${wanted[i]}`);
      });
    }
    for (const file of [a, b]) file.close();
    assert.ok(readFileSync(half).length < 0.6 * readFileSync(whole).length);
  }));

test('opt.txt says how the reference makes the same nets', () =>
  withFolders(async (from, to) => {
    await writeTrained(from, { ...MANIFEST, encoding: { ...MANIFEST.encoding, labelNc: 1, dontCare: 255 } });
    await exporting(join(from, 'G.safetensors'), join(to, 'reference'));
    const text = readFileSync(join(to, 'reference', 'opt.txt'), 'utf8');
    assert.match(text, /^-+ Options -+\n[^-]*\n-+ End -+\n$/);
    const { values } = parseReferenceOptions(text, 'opt.txt');
    const wanted = {
      netG: 'global',
      ngf: '4',
      label_nc: '2',
      no_instance: 'False',
      instance_feat: 'True',
      feat_num: '3',
      nef: '2',
    };
    for (const [key, value] of Object.entries(wanted)) assert.is(values.get(key), value, key);
    assert.is(values.has('num_D'), false);
  }));

// ---- refusals

test('what the reference cannot run is refused, and f16 there', () =>
  withFolders(async (from, to) => {
    for (const change of [{ upsample: 'nearest' }, { padding: 'reflect' }] as const) {
      const { parameters } = globalGenerator({ ...GENERATOR, ...change });
      const manifest = { ...MANIFEST, encoder: undefined, generator: { ...MANIFEST.generator, ...change } };
      const tensors = parameters.map((p, i) => tensor(p.name, p, hash(i, p)));
      await writeSafetensors(join(from, 'G.safetensors'), tensors, manifestMetadata(manifest));
      await refuses(
        () => exporting(join(from, 'G.safetensors'), join(to, 'x')),
        65,
        /which the reference has not\. Use --format/,
      );
    }
    await refuses(
      () => exporting(join(from, 'G.safetensors'), join(to, 'x'), 'pth', 'f16'),
      2,
      /f16 is for safetensors/,
    );
    writeFileSync(join(to, 'mine'), '');
    await writeTrained(from);
    await refuses(() => exporting(join(from, 'G.safetensors'), to), 2, /holds something already/);
    assert.equal(readdirSync(to), ['mine']);
  }));

test('what is no generator of this project is refused', () =>
  withFolders(async (from, to) => {
    await refuses(
      () => exporting('test/formats/fixtures/tiny_net_G_zip.pth', join(to, 'x')),
      65,
      /says nothing about its arch/,
    );
    await writeTrained(from);
    await writeSafetensors(join(from, 'D.safetensors'), [
      tensor('w', NETS.G.parameters[0]!, hash(1, NETS.G.parameters[0]!)),
    ]);
    await refuses(() => exporting(join(from, 'G.safetensors'), join(to, 'x')), 65, /D\.safetensors: no discriminator/);
    assert.equal(readdirSync(to), []);
  }));

test('a damaged part of a checkpoint is not exported', () =>
  withFolders(async (from, to) => {
    place(from, { 'latest_net_G.pth': 'tiny_net_G_zip.pth', 'latest_net_D.pth': 'tiny_net_D_zip.pth' });
    const { paths } = await importing(from, join(to, 'mine'), { labelNc: 5 });
    const file = join(paths[0]!, 'D.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await refuses(() => exporting(paths[0]!, join(to, 'x')), 65, /D\.safetensors: is not what was saved/);
  }));

test.run();
