import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { learningRate, learningRates, passes, totalSteps } from '../../src/train/schedule.js';

const test = suite('schedule');

test('the rate stays for niter + 1 epochs and ends at lr / niterDecay', () => {
  const schedule = { niter: 3, niterDecay: 4, lr: 0.8 };
  const rates = [1, 2, 3, 4, 5, 6, 7].map((epoch) => Number(learningRate(schedule, epoch).toFixed(12)));
  assert.equal(rates, [0.8, 0.8, 0.8, 0.8, 0.6, 0.4, 0.2]);
  assert.is(learningRate({ niter: 2, niterDecay: 0, lr: 0.1 }, 2), 0.1);
});

test('the discriminators may have a rate of their own', () => {
  const schedule = { niter: 1, niterDecay: 2, lr: 0.8 };
  assert.equal(learningRates({ ...schedule, lrD: undefined }, 3), { G: 0.4, D: 0.4 });
  assert.equal(learningRates({ ...schedule, lrD: 0.2 }, 3), { G: 0.4, D: 0.1 });
});

test('steps are batches of all epochs, or fewer on request', () => {
  const schedule = { niter: 2, niterDecay: 1, batchSize: 2, accumulate: 1 };
  assert.is(totalSteps(schedule, 5), 9);
  assert.is(totalSteps(schedule, 4), 6);
  assert.is(totalSteps(schedule, 4, 5), 5);
  assert.is(totalSteps(schedule, 4, 50), 6);
  assert.is(totalSteps({ ...schedule, accumulate: 4 }, 5), 2);
});

test('a period is passed once, however large the step', () => {
  assert.equal(
    [0, 1, 2, 3, 4, 5].map((i) => passes(2 * i, 2 * i + 2, 5)),
    [false, false, true, false, true, false],
  );
  assert.ok(passes(3, 30, 5));
});

test.run();
