// Where trainings start: from a run that goes on, from files of others, from another net's weights; by our options and the
// reference's.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KEPT_OPTIONS, keptValues } from '../../src/cli/kept.js';
import { parseSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { runConfig } from '../../src/train/run-config.js';
import { cli, TINY, withSet } from './support.js';

const test = suite('start of a training');

const ok = async (...args: string[]) => {
  const ended = await cli(args);
  assert.is(ended.code, 0, ended.stderr);
  return ended;
};

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The log without what clocks say. */
const lossesOf = (run: string) =>
  linesOf(readFileSync(join(run, 'log.jsonl'), 'utf8')).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([name]) => /^(step|epoch|lr|[GD]_.*)$/.test(name))),
  );

const file = (run: string, step: number, name: string) => readFileSync(join(run, 'checkpoints', `step-${step}`, name));

/** Everything that has a state of its own: order, crops, flips, decay, averages, norms, several batches a step. */
const STATEFUL = ['--ema', '0.9', '--spectral-norm', '--accumulate', '2', '--niter', '1', '--niter-decay', '7'];

test('a run that goes on ends with the bits of one that was never stopped', () =>
  withSet({}, async (root, out) => {
    const whole = `${out}-whole`;
    await ok('train', root, '--out', whole, ...TINY, ...STATEFUL, '--fine-size', '4', '--max-steps', '8');
    await ok('train', root, '--out', out, ...TINY, ...STATEFUL, '--fine-size', '4', '--max-steps', '5');
    const resumed = await ok('train', root, '--out', out, '--continue-train', '--max-steps', '8', '--json');
    assert.equal(
      linesOf(resumed.stdout).map(({ step }) => step),
      [6, 7, 8],
    );
    for (const name of ['G.safetensors', 'D.safetensors', 'G-ema.safetensors', 'optimizer.safetensors'])
      assert.ok(file(out, 8, name).equals(file(whole, 8, name)), name);
    assert.equal(lossesOf(out), lossesOf(whole));
  }));

test('other nets are refused, other habits told, and an end is an end', () =>
  withSet({}, async (root, out) => {
    await ok('train', root, '--out', out, ...TINY, '--niter', '1', '--niter-decay', '0');
    const again = (...args: string[]) => cli(['train', root, '--out', out, '--continue-train', ...args]);
    const ended = await again();
    assert.is(ended.code, 2);
    assert.match(ended.stderr, /the run has come to its end, step 3 of 3\. Raise --niter/);
    const wider = await again('--ngf', '4', '--niter', '2');
    assert.is(wider.code, 2);
    assert.match(wider.stderr, /the run has other nets: --ngf: was 2, now 4\. Leave them/);
    const longer = await again('--niter', '2');
    assert.is(longer.code, 0, longer.stderr);
    assert.match(longer.stderr, /Changed --niter: was 1, now 2/);
    assert.equal(readdirSync(join(out, 'checkpoints')).sort(), ['step-3', 'step-6']);
    const none = await cli(['train', root, '--out', `${out}-none`, '--continue-train']);
    assert.is(none.code, 66);
    assert.match(none.stderr, /config\.json: no such file/);
  }));

test('a damaged checkpoint is passed over for the one before', () =>
  withSet({}, async (root, out) => {
    await ok('train', root, '--out', out, ...TINY, '--max-steps', '4', '--save-latest-freq', '2');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(out, 'checkpoints', 'step-4', 'D.safetensors'), 'x');
    const resumed = await ok('train', root, '--out', out, '--continue-train', '--max-steps', '3');
    assert.match(resumed.stderr, /step-4.D\.safetensors: is not what was saved/);
    assert.ok(existsSync(join(out, 'checkpoints', 'step-3')));
  }));

test('from files of PyTorch, Adam included, the next step is the one that the run itself makes', () =>
  withSet({}, async (root, out) => {
    const still = ['--serial-batches', '--no-flip', '--max-dataset-size', '1', '--json'];
    const run = await ok('train', root, '--out', out, ...TINY, ...still, '--max-steps', '4', '--save-latest-freq', '3');
    const from = `${out}-pth`;
    await ok('export', join(out, 'checkpoints', 'step-3'), '--format', 'pth', '--out', from);
    const started = await ok('train', root, '--out', `${out}-2`, ...TINY, ...still, '--init', from, '--max-steps', '1');
    const { step: _, epoch: __, ...want } = linesOf(run.stdout)[3];
    const { step: ___, epoch: ____, ...got } = linesOf(started.stdout)[0];
    assert.equal(got, want);
    // A kill before the first checkpoint leaves none: the run begins with the same weights again.
    const first = file(`${out}-2`, 1, 'G.safetensors');
    rmSync(join(`${out}-2`, 'checkpoints', 'step-1'), { recursive: true });
    const again = await ok('train', '--resume', `${out}-2`);
    assert.match(
      again.stderr,
      /no checkpoint yet: it begins at its first step[^]*G: \d+ tensors of .*latest_net_G\.pth/,
    );
    assert.ok(file(`${out}-2`, 1, 'G.safetensors').equals(first));
    for (const name of ['G.safetensors', 'D.safetensors']) {
      const [a, b] = [file(out, 4, name), file(`${out}-2`, 1, name)].map((bytes) => parseSafetensors(bytes));
      for (const key of a!.tensors.keys()) assert.equal(readTensor(b!, key), readTensor(a!, key), key);
    }
    const wider = await cli(['train', root, '--out', `${out}-3`, ...TINY, '--ngf', '3', '--init', from]);
    assert.is(wider.code, 65);
    assert.match(wider.stderr, /latest_net_G\.pth: tensors do not fit the net: .* of another shape \(model\.1\.weight/);
    assert.not.ok(existsSync(`${out}-3`));
  }));

test('a global generator becomes the trunk of a local one, and what is new is told', () =>
  withSet({}, async (root, out) => {
    await ok('train', root, '--out', out, ...TINY, '--ngf', '4', '--max-steps', '1');
    const from = join(out, 'checkpoints', 'step-1');
    const wide = ['--resize-or-crop', 'scale_width', '--load-size', '16'];
    const local = [
      ...TINY,
      ...wide,
      '--net-g',
      'local',
      '--n-blocks-local',
      '1',
      '--num-d',
      '2',
      '--niter-fix-global',
      '5',
    ];
    const { stderr } = await ok(
      'train',
      root,
      '--out',
      `${out}-2`,
      ...local,
      '--load-pretrain',
      from,
      '--max-steps',
      '1',
    );
    assert.match(stderr, /G: 10 tensors of G\.safetensors; new: 12 \(model1_1\.1\.weight, .*not taken: 2 \(model\.12/);
    assert.match(stderr, /D: 6 tensors of D\.safetensors; new: 6 \(scale1_layer0/);
    const [a, b] = [file(out, 1, 'G.safetensors'), file(`${out}-2`, 1, 'G.safetensors')].map((x) =>
      parseSafetensors(x),
    );
    assert.equal(readTensor(b!, 'model.1.weight'), readTensor(a!, 'model.1.weight'));
    const thin = await cli(['train', root, '--out', `${out}-3`, ...local, '--ngf', '1', '--load-pretrain', from]);
    assert.is(thin.code, 65);
    assert.match(thin.stderr, /cannot be the start of G: of another shape: .*--partial/);
    const two = await cli(['train', root, '--out', `${out}-3`, ...local, '--load-pretrain', from, '--init', from]);
    assert.is(two.code, 2);
    assert.match(two.stderr, /--init and --load-pretrain cannot go together/);
  }));

test('VGG19: told where it is missing, refused where it is not it', () =>
  withSet({}, async (root, out) => {
    const args = ['train', root, '--out', out, ...TINY.filter((arg) => arg !== '--no-vgg-loss'), '--max-steps', '1'];
    const without = await cli(args, { env: { TORCH_HOME: join(root, 'none') } });
    assert.is(without.code, 0, without.stderr);
    assert.match(without.stderr, /this training has no perceptual loss[^]*vgg19-dcbb9e9d\.pth/);
    assert.is(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).noVggLoss, true);
    const missing = await cli([...args, '--vgg', join(root, 'none.pth')]);
    assert.is(missing.code, 66);
    assert.match(missing.stderr, /none\.pth: no such file\. Get https/);
    const generator = join(out, 'checkpoints', 'step-1', 'G.safetensors');
    const wrong = await cli(['train', root, '--out', `${out}-2`, ...args.slice(4), '--vgg', generator]);
    assert.is(wrong.code, 65);
    assert.match(wrong.stderr, /tensors do not fit the net: 26 missing \(features\.0\.weight/);
  }));

test('where VGG19 was found stands in config.json, so that a run that goes on has it', async () => {
  const options = { val: 'set', lpips: undefined, lpipsNet: undefined };
  const values = keptValues({ settings: {} } as never, options, 'vgg19.pth');
  const { vgg, val } = await runConfig('set', { dataset: { samples: [] } } as never, values, KEPT_OPTIONS);
  assert.equal([vgg, val], [resolve('vgg19.pth'), resolve('set')]);
});

test("the reference's command lines run as they stand", () =>
  withSet({}, async (root, out) => {
    const nets = '--netG global --ngf 2 --n_downsample_global 1 --n_blocks_global 1 --resize_or_crop crop --label_nc 3';
    const places = ['--name', 'label2city', '--checkpoints_dir', out, '--dataroot', root];
    const rest =
      '--ndf 2 --num_D 1 --n_layers_D 1 --no_vgg_loss --batchSize 1 --gpu_ids 0 --nThreads 2 --tf_log --niter 1 --niter_decay 0';
    const trained = await ok('train', ...places, ...nets.split(' '), ...rest.split(' '));
    assert.match(trained.stderr, /--gpu-ids changes nothing here: one GPU is used; --adapter chooses it/);
    assert.ok(readdirSync(join(out, 'label2city')).some((name) => name.startsWith('events.out.tfevents.')));
    const results = `${out}-results`;
    const testing = [...places, ...nets.split(' '), '--phase', 'train', '--results_dir', results, '--how_many', '2'];
    const painted = await ok('generate', ...testing);
    assert.match(painted.stderr, /--ngf changes nothing here: the checkpoint says it/);
    assert.equal(readdirSync(join(results, 'label2city', 'train_latest', 'images')), ['a.png', 'b.png']);
    const dead = await cli(['train', ...places, '--use_dropout']);
    assert.is(dead.code, 2);
    assert.match(dead.stderr, /--use-dropout is not taken: the reference never passes it on/);
  }));

test.run();
