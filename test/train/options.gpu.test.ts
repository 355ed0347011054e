// What the options of a training do to its steps.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Cursor } from '../../src/data/cursor.js';
import type { Batch } from '../../src/data/dataset.js';
import { toFloat32 } from '../../src/formats/dtype.js';
import { parseSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { readManifest } from '../../src/nets/manifest.js';
import type { Progress } from '../../src/train/checkpoint.js';
import type { Settings } from '../../src/train/settings.js';
import type { Trainer } from '../../src/train/trainer.js';
import { openTestDevice } from '../support/device.js';
import { batch, bytesOf, fileOf, SETTINGS, START, trainerFor } from './support.js';

const test = suite('training options');

type Weights = Record<string, Float32Array>;

/** Tensors of a file of the checkpoint as it is now. */
async function weightsOf(trainer: Trainer, name: string): Promise<Weights> {
  const file = parseSafetensors(await bytesOf(fileOf(trainer, name)));
  return Object.fromEntries([...file.tensors.keys()].map((key) => [key, toFloat32(readTensor(file, key), key)]));
}

const at = (step: number, cursor: Partial<Cursor> = {}): Progress => ({
  step,
  cursor: { ...START.cursor, ...cursor },
});

async function trained(change: Partial<Settings>, batches: readonly (readonly Batch[])[]): Promise<Trainer> {
  const trainer = trainerFor(await openTestDevice(), change);
  for (const [step, each] of batches.entries()) await trainer.step(each, at(step));
  return trainer;
}

const changed = (before: Weights, after: Weights): string[] =>
  Object.keys(before).filter((name) => before[name]!.some((value, i) => value !== after[name]![i]));

test('a batch that is accumulated twice makes the step that it makes alone', async () => {
  const [one, two] = [batch(20, 16, 1), batch(20, 16, 2)];
  const plain = await trained({}, [[one], [two]]);
  const twice = await trained({ accumulate: 2 }, [
    [one, one],
    [two, two],
  ]);
  for (const file of ['G.safetensors', 'D.safetensors', 'optimizer.safetensors'])
    assert.equal(await weightsOf(twice, file), await weightsOf(plain, file), file);
  plain.close();
  twice.close();
});

test('losses of accumulated batches are their mean', async () => {
  const device = await openTestDevice();
  const [one, two] = [batch(20, 16, 1), batch(24, 16, 2)];
  const lossesOf = async (accumulate: number, batches: Batch[]) => {
    const trainer = trainerFor(device, { accumulate });
    const losses = await trainer.step(batches, START);
    trainer.close();
    return losses;
  };
  const [first, second, both] = [await lossesOf(1, [one]), await lossesOf(1, [two]), await lossesOf(2, [one, two])];
  for (const name of Object.keys(both)) {
    const want = (first[name]! + second[name]!) / 2;
    assert.ok(Math.abs(both[name]! - want) <= 1e-6 * Math.abs(want), `${name}: got ${both[name]}, wanted ${want}`);
  }
});

test('the average follows every step after its start, and is what paints', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, { ema: 0.75, emaStart: 1 });
  let want: Weights = {};
  for (let step = 0; step < 4; step++) {
    await trainer.step([batch(20, 16, step)], at(step));
    const weights = await weightsOf(trainer, 'G.safetensors');
    const follow = step < 1 ? 1 : 0.25;
    want = Object.fromEntries(
      Object.entries(weights).map(([name, w]) => [
        name,
        w.map((value, i) => (step === 0 ? value : want[name]![i]! + follow * (value - want[name]![i]!))),
      ]),
    );
  }
  const got = await weightsOf(trainer, 'G-ema.safetensors');
  for (const name of Object.keys(want))
    got[name]!.forEach((value, i) => void assert.ok(Math.abs(value - want[name]![i]!) < 1e-6, name));
  assert.ok(changed(got, await weightsOf(trainer, 'G.safetensors')).includes('model.1.weight'));
  trainer.close();
});

test('an average that begins at once begins at the first weights', async () => {
  const trainer = trainerFor(await openTestDevice(), { ema: 0.75 });
  const first = await weightsOf(trainer, 'G.safetensors');
  assert.equal(await weightsOf(trainer, 'G-ema.safetensors'), first);
  await trainer.step([batch(20, 16, 1)], at(0));
  const [weights, average] = [await weightsOf(trainer, 'G.safetensors'), await weightsOf(trainer, 'G-ema.safetensors')];
  for (const [name, values] of Object.entries(average)) {
    const want = (i: number) => first[name]![i]! + 0.25 * (weights[name]![i]! - first[name]![i]!);
    values.forEach((value, i) => void assert.ok(Math.abs(value - want(i)) < 1e-6, name));
  }
  trainer.close();
});

test('the trunk rests while it is fixed; then everything is trained and Adam begins again', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, { netG: 'local', niterFixGlobal: 2, ngf: 2, nBlocksLocal: 1 });
  const before = await weightsOf(trainer, 'G.safetensors');
  await trainer.step([batch(16, 16, 1)], at(0, { epoch: 1 }));
  await trainer.step([batch(16, 16, 2)], at(1, { epoch: 2 }));
  const fixed = await weightsOf(trainer, 'G.safetensors');
  assert.ok(changed(before, fixed).length > 0);
  assert.ok(changed(before, fixed).every((name) => name.startsWith('model1_')));
  assert.equal(trainer.checkpoint(at(2)).state.adam, { G: 2, D: 2 });
  await trainer.step([batch(16, 16, 3)], at(2, { epoch: 3 }));
  assert.ok(changed(fixed, await weightsOf(trainer, 'G.safetensors')).includes('model.1.weight'));
  assert.equal(trainer.checkpoint(at(3)).state.adam, { G: 1, D: 3 });
  trainer.close();
});

test('styles: the encoder is trained with the generator, and its file says what it is', async () => {
  const styles = { instanceFeat: true, featNum: 2, nef: 2, nDownsampleE: 1 };
  const trainer = trainerFor(await openTestDevice(), styles);
  const before = await weightsOf(trainer, 'E.safetensors');
  await trainer.step([batch(20, 16, 1)], at(0));
  const moved = changed(before, await weightsOf(trainer, 'E.safetensors'));
  assert.ok(moved.includes('model.1.weight'));
  assert.not.ok(moved.includes('model.1.bias'), 'a bias that instance norm cancels rests');
  const file = parseSafetensors(await bytesOf(fileOf(trainer, 'E.safetensors')));
  const { encoder, encoding, generator } = readManifest(file.metadata, 'E');
  assert.equal(encoder, { outputNc: 3, featNum: 2, nef: 2, nDownsampleE: 1, norm: 'instance' });
  assert.equal(encoding.features, { count: 2, by: 'instance' });
  assert.is(generator.inputNc, 4 + 1 + 2);
  assert.is((await trainer.paint(batch(20, 16, 2))).length, 3 * 20 * 16);
  trainer.close();
});

test('styles that are data need no encoder', async () => {
  const sample = batch(20, 16, 1);
  const features = new Float32Array(2 * 20 * 16).map((_, i) => Math.sin(i));
  const trainer = await trained({ instanceFeat: true, loadFeatures: true, featNum: 2 }, [[{ ...sample, features }]]);
  assert.not.ok(trainer.checkpoint(at(1)).files.some(({ name }) => name === 'E.safetensors'));
  trainer.close();
});

test('a rate of its own for D: with almost none D stays where it is', async () => {
  const device = await openTestDevice();
  const trainer = trainerFor(device, { lrD: 1e-12 });
  const [G, D] = [await weightsOf(trainer, 'G.safetensors'), await weightsOf(trainer, 'D.safetensors')];
  await trainer.step([batch(20, 16, 1)], at(0));
  const distance = async (before: Weights, file: string) => {
    const after = await weightsOf(trainer, file);
    return Math.max(
      ...Object.keys(before).flatMap((name) => [...before[name]!].map((v, i) => Math.abs(v - after[name]![i]!))),
    );
  };
  assert.ok((await distance(D, 'D.safetensors')) < 1e-9);
  assert.ok((await distance(G, 'G.safetensors')) > 1e-4);
  trainer.close();
});

test('BCE, hinge, batch norm, nearest upsampling, mirrored borders, grey photos: each trains', async () => {
  const device = await openTestDevice();
  const variants: Partial<Settings>[] = [
    { ganMode: 'bce', norm: 'batch' },
    { ganMode: 'hinge', upsample: 'nearest', padding: 'reflect', noGanFeatLoss: true },
    { outputNc: 1, nDownsampleGlobal: 2, numD: 1 },
  ];
  for (const change of variants) {
    const trainer = trainerFor(device, change);
    const sample = batch(20, 16, 1);
    const image = sample.image!.slice(0, (change.outputNc ?? 3) * 20 * 16);
    const before = await weightsOf(trainer, 'G.safetensors');
    for (let i = 0; i < 2; i++) {
      const losses = await trainer.step([{ ...sample, image }], at(i));
      for (const [name, value] of Object.entries(losses)) assert.ok(Number.isFinite(value), `${name} ${value}`);
    }
    const after = await weightsOf(trainer, 'G.safetensors');
    const { length } = Object.keys(before).filter((name) => /weight$/.test(name));
    assert.is(changed(before, after).filter((name) => /weight$/.test(name)).length, length, JSON.stringify(change));
    trainer.close();
  }
});

test('with a pool, D judges the fakes that it keeps', async () => {
  const device = await openTestDevice();
  const lossesWith = async (poolSize: number) => {
    const trainer = trainerFor(device, { poolSize });
    const losses = [];
    for (let i = 0; i < 8; i++) losses.push(await trainer.step([batch(20, 16, i)], at(i)));
    trainer.close();
    return losses;
  };
  const [without, one] = [await lossesWith(0), await lossesWith(1)];
  assert.equal(one[0], without[0], 'the first fake is judged itself');
  assert.ok(
    one.some(({ D_fake }, i) => D_fake !== without[i]!.D_fake),
    'later ones are exchanged',
  );
  assert.equal(await lossesWith(1), one, 'the same seed exchanges the same');
});

test('a pool that still fills changes nothing, with averages too', async () => {
  const device = await openTestDevice();
  const lossesWith = async (poolSize: number) => {
    const trainer = trainerFor(device, { poolSize, ema: 0.9 });
    const losses = [];
    for (let i = 0; i < 4; i++) losses.push(await trainer.step([batch(20, 16, i)], at(i)));
    trainer.close();
    return losses;
  };
  assert.equal(await lossesWith(50), await lossesWith(0));
});

test('without options there is no file for what is not there', async () => {
  const trainer = trainerFor(await openTestDevice(), SETTINGS);
  const names = trainer.checkpoint(at(0)).files.map(({ name }) => name);
  assert.equal(names, ['G.safetensors', 'D.safetensors', 'optimizer.safetensors']);
  trainer.close();
});

test.run();
