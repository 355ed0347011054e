import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collisionsOf } from './pipelines.js';

const test = suite('pipelines: cached ones never collide');

test('a few kernels of every operator', () => {
  const { collisions, launches, pipelines, varied } = collisionsOf(1, 4);
  assert.equal(collisions, []);
  assert.ok(pipelines < launches, 'some kernels share a pipeline');
  assert.ok(varied.length > 20, `kernels in several forms: ${varied.length}`);
});

test.run();
