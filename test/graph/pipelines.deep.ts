import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collisionsOf } from './pipelines.js';

const deep = suite('pipelines: cached ones never collide');

deep('dozens of cases of every operator', () => {
  assert.equal(collisionsOf(2, 60).collisions, []);
});

deep.run();
