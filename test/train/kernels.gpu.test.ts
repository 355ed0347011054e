// A run keeps its kernels: what goes on from a checkpoint computes with those that it was made with.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Trainer } from '../../src/train/trainer.js';
import { openTestDevice } from '../support/device.js';
import { batch, START, trainerFor } from './support.js';

const test = suite('kernels of a run');

const used = ({ stats }: Trainer): Set<string> => {
  // What is folded into a kernel that takes nothing in is a map behind it.
  const convolutions = stats!.kernels.filter(({ op, candidate }) => op.startsWith('conv') && candidate !== 'map');
  return new Set(convolutions.map(({ candidate }) => candidate));
};

test('a checkpoint names the kernels of its run, and a training that starts from it takes them', async () => {
  const device = await openTestDevice();
  const force = { conv: 'plain', convWeight: 'plain' };
  const first = trainerFor(device, {}, { compile: { force } });
  await first.step([batch(24, 20)], START);
  const { state } = first.checkpoint({ ...START, step: 1 });
  assert.equal([...used(first)], ['plain']);
  const kernels = JSON.parse(JSON.stringify(state.kernels));
  assert.equal([...new Set(Object.values(kernels))], ['plain']);
  first.close();

  const next = trainerFor(device, {}, { start: { kernels } });
  await next.step([batch(24, 20)], START);
  assert.equal([...used(next)], ['plain']);
  // Of a size that the run has not met the device's kind decides, and that is kept too.
  await next.step([batch(80, 80)], START);
  assert.ok(Object.keys(next.checkpoint(START).state.kernels!).length > Object.keys(kernels).length);
  next.close();
});

test.run();
