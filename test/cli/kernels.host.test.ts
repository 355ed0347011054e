// Options that choose kernels.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forcedKernels, kernelSetting } from '../../src/cli/kernels.js';

const test = suite('kernel options');

test('a kernel is forced for every op that has it, or for the one that is named', () => {
  assert.equal(forcedKernels('direct-4x4'), { conv: 'direct-4x4', convWeight: 'direct-4x4' });
  assert.equal(forcedKernels('quads-2x1x16'), { conv: 'quads-2x1x16' });
  assert.equal(forcedKernels('conv=plain,convWeight=quads-8'), { conv: 'plain', convWeight: 'quads-8' });
  for (const [text, why] of [
    ['dirct-4x4', /--force-kernel: there is no dirct-4x4[^]*conv: plain; direct-8x4[^]*convWeight: plain/],
    ['norm=plain', /there is no norm=plain/],
    ['convWeight=quads-2x1x16', /there is no convWeight=quads-2x1x16/],
  ] as const)
    assert.throws(() => forcedKernels(text), why);
});

test('--no-tune goes before --tune, and without either nothing is measured', () => {
  const given = { precise: true, tune: 'full', noTune: false, tuneSeconds: 9, forceKernel: undefined } as const;
  const { compile } = kernelSetting(given, () => {});
  assert.equal([compile.tune, compile.tuneSeconds, compile.precise, compile.force], ['full', 9, true, undefined]);
  assert.is(kernelSetting({ ...given, noTune: true }, () => {}).compile.tune, 'off');
  assert.is(kernelSetting({ ...given, tune: undefined as never }, () => {}).compile.tune, 'off');
});

test('what is banned is said, and a name that is known to be wrong is not the end', () => {
  const said: string[] = [];
  const { compile, stop } = kernelSetting(
    { precise: false, tune: 'quick', noTune: false, tuneSeconds: undefined, forceKernel: undefined },
    (text) => said.push(text),
  );
  stop();
  compile.onTune!({ done: 1, total: 1, spec: 'conv 3x3', name: 'plain', ms: {}, banned: { 'direct-8x8': 'differs' } });
  assert.equal(said, ['Not used on this device: direct-8x8: differs']);
});

test.run();
