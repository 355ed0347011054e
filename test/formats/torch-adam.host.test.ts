// The two small files were written by torch 1.13: two parameters after 7 steps, moments from the hash; the stream form has its
// steps as numbers, as torch before 1.12.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withFile, writePth } from '../../src/formats/files.js';
import type { TorchValue } from '../../src/formats/pth-write.js';
import { bytesSource } from '../../src/formats/source.js';
import { type AdamState, type Optimised, readTorchAdam, torchAdam } from '../../src/formats/torch-adam.js';
import { fixture, refuses, uniform, withFolder } from './support.js';

const test = suite('torch’s Adam');

const PARAMETERS: Optimised[] = [
  { name: 'w', shape: [2, 3, 2, 1] },
  { name: 'b', shape: [2] },
];
const hashed = (tensor: number, length: number) => Float32Array.from({ length }, (_, e) => uniform(tensor, e));
const valuesOf = ({ step, moments }: AdamState) => ({
  step,
  moments: [...moments].map(([name, { m, v }]) => [name, m(), v()]),
});
const WANTED = {
  step: 7,
  moments: [
    ['w', hashed(900, 12), hashed(901, 12).map(Math.abs)],
    ['b', hashed(902, 2), hashed(903, 2).map(Math.abs)],
  ],
};

for (const name of ['tiny_adam_zip.pth', 'tiny_adam_legacy.pth']) {
  test(`${name} is read by value`, () => {
    assert.equal(valuesOf(readTorchAdam(bytesSource(fixture(name), name), PARAMETERS)), WANTED);
  });
}

const RATES = { lr: 1e-3, beta1: 0.5, beta2: 0.999, eps: 1e-8 };
const moment = (name: string, shape: readonly number[], data: Float32Array) => ({
  name,
  dtype: 'F32' as const,
  shape: [...shape],
  data,
});
const pairOf = ({ name, shape }: Optimised) => {
  const at = name === 'w' ? 900 : 902;
  const size = name === 'w' ? 12 : 2;
  return {
    m: moment('m', shape, hashed(at, size)),
    v: moment('v', shape, hashed(at + 1, size).map(Math.abs)),
  };
};

/** What is read back of a written state. */
const roundTrip = (value: TorchValue, parameters = PARAMETERS) =>
  withFolder(async (folder) => {
    const path = join(folder, 'optim.pth');
    await writePth(path, value);
    return withFile(path, (file) => valuesOf(readTorchAdam(file, parameters)));
  });

test('what is written is read back', async () => {
  assert.equal(await roundTrip(torchAdam(PARAMETERS, RATES, 7, pairOf)), WANTED);
});

test('a parameter that was never stepped has no entry, and keeps its number', async () => {
  const value = torchAdam(PARAMETERS, RATES, 7, (p) => (p.name === 'b' ? pairOf(p) : undefined));
  const { moments } = await roundTrip(value);
  assert.equal(moments, [WANTED.moments[1]]);
  assert.equal(await roundTrip(torchAdam(PARAMETERS, RATES, 7, () => undefined)), { step: 0, moments: [] });
});

/** The good state with some of its content replaced. */
function changed(change: (state: Map<number, Map<string, TorchValue>>, group: Map<string, TorchValue>) => void) {
  const value = torchAdam(PARAMETERS, RATES, 7, pairOf) as Map<string, any>;
  change(value.get('state'), value.get('param_groups')[0]);
  return value;
}

const WRONG: [name: string, value: () => TorchValue, message: RegExp][] = [
  ['a state dict of a net', () => moment('w', [2], new Float32Array(2)), /no state of Adam: it has no state/],
  ['no groups', () => new Map([['state', new Map()]]), /it has no param_groups/],
  ['SGD', () => changed((state) => state.forEach((entry) => entry.delete('exp_avg'))), /w has no exp_avg/],
  ['AMSGrad', () => changed((_, group) => group.set('amsgrad', true)), /AMSGrad/],
  ['no steps', () => changed((state) => state.get(1)!.set('step', 'many')), /b has no number of steps/],
  ['half a step', () => changed((state) => state.get(1)!.set('step', 7.5)), /b has no number of steps/],
  ['different steps', () => changed((state) => state.get(1)!.set('step', 8)), /different steps: 7, 8/],
  ['an entry too many', () => changed((state) => state.set(2, state.get(0)!)), /an entry belongs to no parameter/],
  ['other numbers', () => changed((_, group) => group.set('params', [1, 0])), /has 2 parameters, the net 2/],
  [
    'a moment of another shape',
    () => changed((state) => state.get(0)!.set('exp_avg_sq', moment('v', [12], new Float32Array(12)))),
    /exp_avg_sq of w is \[12\], the net's is \[2, 3, 2, 1\]/,
  ],
];

for (const [name, value, message] of WRONG) {
  test(`refused: ${name}`, () => refuses(() => roundTrip(value()), 65, message));
}

test('the optimiser of another net is refused', async () => {
  const source = bytesSource(fixture('tiny_adam_zip.pth'), 'optim.pth');
  await refuses(
    () => readTorchAdam(source, PARAMETERS.slice(1)),
    65,
    /^optim\.pth: .*2 parameters, the net 1\. Expected/,
  );
});

test.run();
