import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arr } from '../twin/array.js';
import { BoundError, closeTo, dotBound, EPS } from './bounds.js';

const bounds = suite('bounds');

const message = (run: () => void): string => {
  try {
    run();
  } catch (error) {
    assert.instance(error, BoundError);
    return (error as Error).message;
  }
  return assert.unreachable('should have thrown') as never;
};

bounds('names the element that exceeds its bound the most', () => {
  const want = arr([2, 2], [1, 2, 3, 4]);
  const text = message(() => closeTo([1, 2.5, 3.5, 4], want, arr([2, 2], [1, 0.4, 0.1, 0]), 'sum'));
  assert.is(text, 'sum: 2 of 4 values out of bounds; worst at [1,0]: got 3.5, wanted 3, off by 0.5, allowed 0.1');
});

bounds('returns the largest share of a bound used', () => {
  assert.is(closeTo([1.25], arr([1], [1]), 0.5, 'half'), 0.5);
  assert.is(closeTo([1], arr([1], [1]), 0, 'exact'), 0);
});

bounds('NaN and infinity are errors where they are not wanted, whatever the bound', () => {
  for (const got of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.match(
      message(() => closeTo([got], arr([1], [1]), 1e9, 'x')),
      'x: 1 of 1',
    );
    closeTo([got], arr([1], [got]), 0, 'x');
  }
  assert.match(
    message(() => closeTo([1], arr([1], [Number.NaN]), 1e9, 'x')),
    'x: 1 of 1',
  );
});

bounds('another number of values is an error', () => {
  assert.match(
    message(() => closeTo([1, 2], arr([1], [1]), 1, 'x')),
    'got 2 values, wanted 1',
  );
});

bounds('a sum may be off by the rounding of its terms, not by one lost term', () => {
  // 1 + 2^-12 · 4096 = 2: float32 adds them within the bound, dropping the last of them does not pass
  const terms = [1, ...new Array<number>(4096).fill(2 ** -12)];
  const exact = arr([], [terms.reduce((a, b) => a + b)]);
  const bound = dotBound(terms.length, exact, exact);
  const rounded = terms.reduce((a, b) => Math.fround(a + b));
  closeTo([rounded], exact, bound, 'sum');
  assert.ok(bound.data[0] < 2 ** -12, `the bound ${bound.data[0]} would hide a term of ${2 ** -12}`);
  assert.ok(bound.data[0] > EPS);
});

bounds.run();
