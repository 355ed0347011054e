// Rates and times left, on clocks of our own.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPace, type Left } from '../../src/train/pace.js';

const test = suite('pace');

/** A training of `total` steps that starts slowly, with pictures every 10 and checkpoints every 100 steps, a twentieth of its time. */
function training(total: number, stepMs: (step: number) => number) {
  const pace = createPace();
  let now = 0;
  const estimates: number[] = [];
  const ends: number[] = [];
  const spend = (work: 'step' | 'pictures' | 'checkpoint', ms: number) => {
    now += ms;
    pace.took(work, ms);
  };
  for (let step = 1; step <= total; step++) {
    spend('step', stepMs(step));
    pace.logged(now, 2);
    const count = (period: number) => Math.floor(total / period) - Math.floor(step / period);
    const left: Left = { step: total - step, pictures: count(10), checkpoint: count(100), validation: 0 };
    estimates.push(now / 1000 + (pace.secondsLeft(left) ?? Number.NaN));
    if (step % 10 === 0) spend('pictures', step === 10 ? 900 : 300);
    if (step % 100 === 0) spend('checkpoint', 1000);
    ends.push(now / 1000);
  }
  return { estimates, end: ends.at(-1)!, pace };
}

test('after a twentieth of a run the end is known to a tenth, compiling and a slow first epoch included', () => {
  const { estimates, end } = training(1000, (step) => (step === 1 ? 20_000 : step < 20 ? 300 : 100));
  const worst = Math.max(...estimates.slice(50).map((estimate) => Math.abs(estimate - end) / end));
  assert.ok(worst < 0.1, `off by ${worst}`);
  const left = estimates.at(-1)! - end;
  assert.ok(Math.abs(left) < 3, 'nothing is left but the last pictures and checkpoint');
});

test('work that has not come yet counts as it was guessed, and steps that differ by chance all count', () => {
  const pace = createPace({ validation: 20 });
  const noise = [90, 110, 115, 95, 105, 85]; // of which the newer half has 95 as its mean, all have 100
  pace.took('step', 5000);
  for (const ms of noise) pace.took('step', ms);
  const left: Left = { step: 94, pictures: 3, checkpoint: 2, validation: 2 };
  assert.is(pace.secondsLeft(left), (94 + 2 * 20) / 10);
  pace.took('validation', 1000);
  assert.is(pace.secondsLeft(left), (94 + 2 * 10) / 10, 'until it has come');
});

test('before a step that compiles nothing there is no estimate', () => {
  const pace = createPace();
  const left: Left = { step: 5, pictures: 0, checkpoint: 0, validation: 0 };
  pace.took('step', 9000);
  pace.logged(1000, 1);
  assert.is(pace.secondsLeft(left), undefined);
  assert.is(pace.imagesPerSecond(), undefined);
  pace.took('step', 100);
  pace.logged(1250, 1);
  assert.is(pace.secondsLeft(left), 0.5);
  assert.is(pace.imagesPerSecond(), 4);
});

test('the rate follows the last lines', () => {
  const { pace } = training(200, (step) => (step < 150 ? 100 : 50));
  // 20 lines hold 19 steps of 50 ms and two grids of 300 ms, the last of which came after the last line
  assert.ok(Math.abs(pace.imagesPerSecond()! - (19 * 2) / (19 * 0.05 + 0.3)) < 1e-9, String(pace.imagesPerSecond()));
});

test.run();
