// What the phases of a recipe are, by the reference's scripts and by options that were given.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TrainOptions, trainDefaults } from '../../src/options/table.js';
import { phasesOf, type RecipeName } from '../../src/train/recipes.js';

const test = suite('recipes');

const phases = (recipe: RecipeName, given: Partial<TrainOptions> = {}) =>
  phasesOf(recipe, { ...trainDefaults(), ...given }, Object.keys(given));

/** What of a phase differs from the defaults. */
const own = (options: TrainOptions) => {
  const defaults: Record<string, unknown> = { ...trainDefaults() };
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => value !== defaults[name]));
};

test('512p is the defaults', () => {
  assert.equal(phases('512p'), [{ name: '1-global', halvings: 0, options: trainDefaults() }]);
});

test("1024p is the reference's two scripts", () => {
  const [global, local, ...more] = phases('1024p');
  assert.equal(more, []);
  assert.is(global!.name, '1-global');
  assert.is(global!.halvings, 1);
  assert.equal(own(global!.options), { fineSize: 256 }, 'the defaults, 1024 wide; nothing is cropped');
  assert.is(local!.name, '2-local');
  const want = { netG: 'local', ngf: 32, numD: 3, loadSize: 2048, niter: 50, niterDecay: 50, niterFixGlobal: 10 };
  assert.equal(own(local!.options), want);
});

test('what is given holds in every phase, at its scale', () => {
  const [global, local] = phases('1024p', { ngf: 8, loadSize: 512, numD: 1, niter: 5, niterDecay: 15, lr: 1e-3 });
  const half = { ngf: 16, loadSize: 256, fineSize: 256, numD: 1, niter: 5, niterDecay: 15, lr: 1e-3 };
  assert.equal(own(global!.options), half);
  const want = { netG: 'local', ngf: 8, loadSize: 512, numD: 1, niter: 5, niterDecay: 15, lr: 1e-3, niterFixGlobal: 2 };
  assert.equal(own(local!.options), want);
});

test('crops are halved with the pictures, which have to be scaled for that', () => {
  const [global, local] = phases('1024p', { resizeOrCrop: 'crop', fineSize: 1024, niterFixGlobal: 20 });
  assert.equal(own(global!.options), { resizeOrCrop: 'scale_width_and_crop' });
  assert.is(local!.options.resizeOrCrop, 'crop');
  assert.is(local!.options.niterFixGlobal, 20);
  assert.is(phases('1024p', { resizeOrCrop: 'none' })[0]!.options.resizeOrCrop, 'scale_width');
});

test('every enhancer has a phase, each with the trunk of the next', () => {
  const three = phases('1024p', { nLocalEnhancers: 2 });
  assert.equal(
    three.map(({ name, options: { ngf, loadSize, nLocalEnhancers, numD } }) => [
      name,
      ngf,
      loadSize,
      nLocalEnhancers,
      numD,
    ]),
    [
      ['1-global', 128, 512, 2, 1],
      ['2-local', 64, 1024, 1, 2],
      ['3-local', 32, 2048, 2, 3],
    ],
  );
  assert.equal(
    phases('1024p', { netG: 'global' }).map(({ name }) => name),
    ['1-global'],
  );
});

test('edges and a single image', () => {
  assert.equal(own(phases('edges')[0]!.options), { labelNc: 0, noInstance: true, resizeOrCrop: 'none' });
  const { options } = phases('single-image', { niter: 100 })[0]!;
  assert.equal([options.maxDatasetSize, options.serialBatches], [1, true], 'always the first pair');
  assert.is(options.niter, 100);
  assert.is(options.niterDecay, 8000);
});

test.run();
