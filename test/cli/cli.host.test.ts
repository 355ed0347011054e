// The command line as a process: what it prints where, and its exit codes.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../../package.json';
import { kebabOption } from '../../src/cli/command.js';
import { VERSION } from '../../src/version.js';
import { withFolder } from '../formats/support.js';
import { bundled, type ChildOptions, runNode } from '../support/child.js';

const test = suite('command line');
const cli = async (args: string[], options?: ChildOptions) =>
  runNode({ ...options, args: [await bundled('src/cli/main.ts'), ...args] });

test('--version is the package’s', async () => {
  assert.is(VERSION, version);
  const { code, stdout } = await cli(['--version']);
  assert.equal([code, stdout.trim()], [0, version]);
});

test('usage errors exit with 2 and point to --help', async () => {
  for (const args of [['devices', '--frobnicate'], ['dance'], ['devices', '--adapter']]) {
    const { code, stdout, stderr } = await cli(args);
    assert.is(code, 2, args.join(' '));
    assert.is(stdout, '');
    assert.match(stderr, /^error: .*--help/s);
  }
});

test('every command explains itself', async () => {
  const { code, stdout } = await cli(['devices', '--help']);
  assert.is(code, 0);
  assert.match(stdout, /Usage: pix2pixhd devices.*--adapter <NAME>.*--json/s);
});

test('devices --json is one line with the device that would be used', async () => {
  const { code, stdout, stderr } = await cli(['devices', '--json']);
  assert.is(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(Object.keys(report), ['adapters', 'used', 'profile', 'features', 'limits']);
  assert.ok(report.limits.maxBufferSize >= 2 ** 28);
  const text = await cli(['devices']);
  assert.match(text.stdout, 'Used: ');
  assert.ok(text.stdout.includes(report.used.reason));
});

test('devices with an unknown adapter exits with 74 and no stack', async () => {
  const { code, stdout, stderr } = await cli(['devices', '--adapter', 'Voodoo 3']);
  assert.is(code, 74);
  assert.is(stdout, '');
  assert.match(stderr, 'pix2pixhd: No adapter answers to "Voodoo 3"');
  assert.not.match(stderr, /\n\s+at .*main/);
});

test('import and export: results on stdout, what was taken on stderr, refusals with their codes', () =>
  withFolder(async (folder) => {
    const from = 'test/formats/fixtures/tiny_net_G_legacy.pth';
    const [file, back] = [join(folder, 'mine.safetensors'), join(folder, 'back')];
    const imported = await cli(['import', from, '--label_nc', '5', '--out', file]);
    assert.equal([imported.code, imported.stdout], [0, `${file}\n`], imported.stderr);
    assert.match(
      imported.stderr,
      /^G: 20 tensors.*\nInput: 6 channels: 5 classes \+ edges .*\nfeatures_clustered_010\.npy is not taken.*\nNext: .*generate --checkpoint/,
    );
    const exported = await cli(['export', file, '--format', 'pth', '--out', back]);
    assert.equal(
      [exported.code, exported.stdout],
      [0, `${join(back, 'latest_net_G.pth')}\n${join(back, 'opt.txt')}\n`],
    );
    const refused = await cli(['import', back, '--label-nc', '7', '--out', join(folder, 'x')]);
    assert.is(refused.code, 65);
    assert.match(refused.stderr, /^pix2pixhd: .*takes 6 channels, not 7 classes \+ edges/m);
    assert.is((await cli(['export', file, '--format', 'png', '--out', back])).code, 2);
    assert.is((await cli(['import', join(folder, 'none'), '--out', join(folder, 'y')])).code, 66);
    const help = await cli(['import', '--help']);
    assert.match(help.stdout, /--which-epoch <EPOCH>.*--out <PATH>.*FILE\.D\.safetensors/s);
  }));

test('the reference’s spelling of options is ours', () => {
  const pairs = [
    ['--netG', '--net-g'],
    ['--label_nc', '--label-nc'],
    ['--num_D=3', '--num-d=3'],
    ['--n_downsample_E', '--n-downsample-e'],
    ['--no_ganFeat_loss', '--no-gan-feat-loss'],
    ['--resize_or_crop=scale_width', '--resize-or-crop=scale_width'],
    ['--net-g', '--net-g'],
    ['some_File', 'some_File'],
    ['-V', '-V'],
    ['--', '--'],
  ];
  for (const [theirs, ours] of pairs) assert.is(kebabOption(theirs), ours);
});

test.run();
